import type { ApiRig, Ask } from './api-rig.js';

/** The first frames of a watch, each a length of four bytes and so many more; who asks closes it then, however long it would last. */
export async function takeFrames(
  api: ApiRig,
  path: string,
  { count, ...ask }: Ask & { readonly count: number },
): Promise<{ readonly contentType: string; readonly frames: readonly Buffer[] }> {
  const response = await api.stream(path, ask);
  const frames: Buffer[] = [];
  let rest = Buffer.alloc(0);
  for await (const chunk of response) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const end = 4 + rest.readUInt32BE(0);
      frames.push(rest.subarray(4, end));
      rest = rest.subarray(end);
    }
    if (frames.length >= count) break;
  }
  response.destroy();
  if (frames.length < count) throw new Error(`the watch ended after ${frames.length} frames`);
  return { contentType: response.headers['content-type'] ?? '', frames };
}

/** A list without its version, which is that of the whole store: others than the test write into it. */
export function unversioned<List extends { metadata?: unknown }>(list: List): List {
  const { resourceVersion: _, ...metadata } = list.metadata as { resourceVersion?: string };
  return { ...list, metadata };
}
