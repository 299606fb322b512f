import { constants } from 'node:os';

const realTimeMin = 34;
const realTimeMax = 64;
const terminate = 15;

/** The number of a signal by the names that images and pods use: `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`. What is none is SIGTERM. */
export function signalNumber(name: string): number {
  const bare = name.toUpperCase().replace(/^SIG/, '');
  if (/^\d+$/.test(bare)) return Number(bare);
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(bare);
  if (realTime !== null) {
    const offset = Number(realTime[3] ?? 0) * (realTime[2] === '-' ? -1 : 1);
    return (realTime[1] === 'MIN' ? realTimeMin : realTimeMax) + offset;
  }
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return numbers[`SIG${bare}`] ?? terminate;
}
