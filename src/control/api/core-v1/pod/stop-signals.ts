const named = [
  'ABRT',
  'ALRM',
  'BUS',
  'CHLD',
  'CLD',
  'CONT',
  'FPE',
  'HUP',
  'ILL',
  'INT',
  'IO',
  'IOT',
  'KILL',
  'PIPE',
  'POLL',
  'PROF',
  'PWR',
  'QUIT',
  'SEGV',
  'STKFLT',
  'STOP',
  'SYS',
  'TERM',
  'TRAP',
  'TSTP',
  'TTIN',
  'TTOU',
  'URG',
  'USR1',
  'USR2',
  'VTALRM',
  'WINCH',
  'XCPU',
  'XFSZ',
];

function realTime(base: 'RTMIN+' | 'RTMAX-', count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${base}${at + 1}`);
}

/** Signals that a container on Linux can be stopped with, sorted. */
export const stopSignalsLinux: readonly string[] = [
  ...named,
  'RTMIN',
  ...realTime('RTMIN+', 15),
  ...realTime('RTMAX-', 14),
  'RTMAX',
]
  .map((name) => `SIG${name}`)
  .sort();

/** Signals that a container on Windows can be stopped with, sorted. */
export const stopSignalsWindows: readonly string[] = ['SIGKILL', 'SIGTERM'];
