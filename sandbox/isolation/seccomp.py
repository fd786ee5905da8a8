"""The system calls user code may not make, as a BPF program for bubblewrap's --seccomp.

A deny-list, each group with its reason: namespaces and mounts are already out of reach without capabilities, so this
is the second wall, against holes in the kernel's rarely used parts. Source of the layout: linux/seccomp.h, seccomp(2).
"""

from __future__ import annotations

import errno
import platform
import struct

_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NR_OFFSET, _ARCH_OFFSET, _ARG0_OFFSET = 0, 4, 16
_X32_BIT = 0x40000000
_CLONE_NEW_NAMESPACES = 0x7E020000 | 0x00000080  # every CLONE_NEW* flag of clone(2)

# (x86_64, aarch64) numbers; None where that machine has no such call.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    # new namespaces give back capabilities inside them, the usual first step of an escape
    "unshare": (272, 97), "setns": (308, 268),
    # mounts
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    # file handles open files by inode, past the mount namespace
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    # large, young or privileged kernel surfaces no handler needs
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    # kernel keyrings are not namespaced
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # other processes' memory and descriptors
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438), "kcmp": (312, 272),
    # the host's clock, swap, quota, accounting, log, power
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "swapon": (167, 224), "swapoff": (168, 225), "quotactl": (179, 60), "acct": (163, 89),
    "syslog": (103, 116), "reboot": (169, 142), "vhangup": (153, 58),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None),
}  # fmt: skip
_CLONE = (56, 220)
_CLONE3 = 435
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}


def filter_program(machine: str = platform.machine()) -> bytes:
    """The compiled filter for this machine, ready for `bwrap --seccomp FD`.

    Denied calls fail with EPERM; clone3 with ENOSYS, so that libc falls back to clone, whose flags can be read here.
    A call of a foreign architecture (i386, x32) kills the process. Raises KeyError on a machine not listed above.
    """
    audit_arch, column = _MACHINES[machine]
    program = [
        _instruction(_LOAD, _ARCH_OFFSET),
        _instruction(_JUMP_EQUAL, audit_arch, 1, 0),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NR_OFFSET),
    ]
    if machine == "x86_64":
        program += [_instruction(_JUMP_GREATER_EQUAL, _X32_BIT, 0, 1), _instruction(_RETURN, _KILL)]
    for numbers in _DENIED.values():
        number = numbers[column]
        if number is not None:
            program += [
                _instruction(_JUMP_EQUAL, number, 0, 1),
                _instruction(_RETURN, _ERRNO | errno.EPERM),
            ]
    program += [
        _instruction(_JUMP_EQUAL, _CLONE3, 0, 1),
        _instruction(_RETURN, _ERRNO | errno.ENOSYS),
        _instruction(_JUMP_EQUAL, _CLONE[column], 0, 3),
        _instruction(_LOAD, _ARG0_OFFSET),
        _instruction(_JUMP_BITS, _CLONE_NEW_NAMESPACES, 0, 1),
        _instruction(_RETURN, _ERRNO | errno.EPERM),
        _instruction(_RETURN, _ALLOW),
    ]
    return b"".join(program)


def _instruction(code: int, k: int, jump_true: int = 0, jump_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, jump_true, jump_false, k)
