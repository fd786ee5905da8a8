// The configuration in one line, for when it is folded away, and the CPU that comes with the memory.

const form = document.getElementById("playground");
const summary = document.getElementById("configuration-summary");
const vcpu = document.getElementById("vcpu");

/** Bring the summary line and the CPU share up to date. */
export function showConfiguration() {
  const { memory_mb, timeout_s, architecture, ephemeral_storage_mb, environment } = form.elements;
  const variables = environment.value.split("\n").filter((line) => line.trim()).length;
  const parts = [
    `${memory_mb.value || "?"} MB`,
    `${timeout_s.value || "?"} s`,
    architecture.value,
    `${ephemeral_storage_mb.value || "?"} MB /tmp`,
  ];
  if (variables) parts.push(`${variables} variable${variables > 1 ? "s" : ""}`);
  summary.textContent = parts.join(" · ");
  const share = Number(memory_mb.value) / Number(vcpu.dataset.mbPerVcpu);
  vcpu.textContent = share > 0 && Number.isFinite(share) ? `${share.toFixed(2)} vCPU` : "";
}

export function startConfiguration() {
  document.getElementById("configuration").addEventListener("input", showConfiguration);
  showConfiguration();
}
