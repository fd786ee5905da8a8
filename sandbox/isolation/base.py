"""What an execution environment asks of whatever limits its processes (a cgroup, or the fallback without one)."""

from __future__ import annotations

from abc import ABC, abstractmethod


class ProcessLimits(ABC):
    """The limits of one execution environment. Memory in MB."""

    enforces_memory = True

    def entries(self) -> list[str]:
        """Files a process writes its pid to before it starts anything, so that all of it is counted."""
        return []

    def add(self, pid: int) -> None:  # noqa: B027
        """Watch the process (a host pid) and its children, where there are no `entries`."""

    @abstractmethod
    def set_memory(self, memory_mb: int) -> None:
        """Limit memory; past it the kernel kills (Lambda: "signal: killed")."""

    @abstractmethod
    def set_cpu(self, memory_mb: int | None) -> None:
        """CPU in proportion to memory (1,769 MB = 1 vCPU); None lifts the limit, as Lambda does during init."""

    @abstractmethod
    def freeze(self) -> None:
        """Stop every process until `thaw`."""

    @abstractmethod
    def thaw(self) -> None:
        """Let the processes go on."""

    @abstractmethod
    def max_memory_bytes(self) -> int:
        """The most memory used at once so far."""

    @abstractmethod
    def out_of_memory_kills(self) -> int:
        """How many processes the kernel has killed here for memory."""

    @abstractmethod
    def remove(self) -> None:
        """Kill whatever is left and drop the group."""
