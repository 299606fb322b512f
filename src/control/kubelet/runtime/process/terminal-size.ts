import { readLink, readTextIfPresent } from '../../../../host/state-files.js';
import { runTool } from './namespaces.js';

/** Sets the size of the terminal that a `script` process has opened for its child; before there is one, nothing. */
export async function resizeTerminal(
  scriptPid: number,
  columns: number,
  rows: number,
): Promise<void> {
  const children = await readTextIfPresent(`/proc/${scriptPid}/task/${scriptPid}/children`);
  const child = (children ?? '').trim().split(' ', 1)[0];
  if (child === undefined || child === '') return;
  const terminal = await readLink(`/proc/${child}/fd/0`);
  if (terminal === null || !terminal.startsWith('/dev/pts/')) return;
  await runTool('stty', '-F', terminal, 'cols', String(columns), 'rows', String(rows));
}
