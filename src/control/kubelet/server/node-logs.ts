import type { FolderEntry, LogFile } from '../../../host/log-files.js';
import { type KubeletCall, sendText } from './call.js';
import type { LogParts } from './container-logs.js';

const blockBytes = 64 * 1024;

/** GET /logs/PATH: the files below the node's folder of logs, and what is in folders. Links that lead out of it are not followed. */
export async function answerNodeLogs(
  call: KubeletCall,
  { view, files }: Pick<LogParts, 'view' | 'files'>,
): Promise<void> {
  const names = call.parts.slice(1);
  const areGood = names.every((name) => !/^\.{0,2}$|[/\0]/.test(name));
  const root = areGood ? await files.realPath(view.logRoot) : null;
  const path = root === null ? null : await files.realPath([root, ...names].join('/'));
  if (root === null || path === null || !`${path}/`.startsWith(`${root}/`)) {
    return sendText(call, 404, '404 page not found\n');
  }
  const entries = await files.list(path);
  if (entries !== null) return sendFolder(call, entries);
  const file = await files.open(path);
  if (file === null) return sendText(call, 404, '404 page not found\n');
  try {
    await sendFile(call, file);
  } finally {
    await file.close();
  }
}

function sendFolder(call: KubeletCall, entries: readonly FolderEntry[]): void {
  const { request, response } = call;
  if (!request.path.endsWith('/')) {
    // Links in it are relative.
    response.start(301, { location: `${request.path.split('/').at(-1)}/` });
    response.end();
    return;
  }
  const links = entries.map(({ name, isFolder }) => {
    const shown = `${name}${isFolder ? '/' : ''}`;
    const target = `${encodeURIComponent(name)}${isFolder ? '/' : ''}`;
    return `<a href="${target}">${escaped(shown)}</a>\n`;
  });
  sendText(call, 200, `<pre>\n${links.join('')}</pre>\n`, 'text/html; charset=utf-8');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&#34;');
}

async function sendFile({ response, signal }: KubeletCall, file: LogFile): Promise<void> {
  // What it has now: one that grows would have no end.
  const size = await file.size();
  response.start(200, { 'content-type': 'text/plain; charset=utf-8' });
  for (let position = 0; position < size && !signal.aborted; ) {
    const block = await file.read(position, Math.min(blockBytes, size - position));
    if (block.length === 0) break;
    position += block.length;
    await response.write(block);
  }
  response.end();
}
