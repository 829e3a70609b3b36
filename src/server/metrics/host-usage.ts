import { cpus, freemem, totalmem } from 'node:os';

/** CPU and memory use of the whole host, in percent; CPU over the time since the last sample. */
export class HostUsage {
  #idle = 0;
  #total = 0;

  constructor() {
    this.sample();
  }

  sample(): { cpuPercent: number; memoryPercent: number } {
    let idle = 0;
    let total = 0;
    for (const { times } of cpus()) {
      idle += times.idle;
      total += times.user + times.nice + times.sys + times.idle + times.irq;
    }
    const elapsed = total - this.#total;
    const cpuPercent = elapsed === 0 ? 0 : (1 - (idle - this.#idle) / elapsed) * 100;
    this.#idle = idle;
    this.#total = total;
    return { cpuPercent, memoryPercent: (1 - freemem() / totalmem()) * 100 };
  }
}
