import t from 'tap';
import type { Exchange } from '../../../../src/control/apiserver/exchange.js';
import type { ResourceEndpoint } from '../../../../src/control/apiserver/handlers/endpoint.js';
import { sendPage } from '../../../../src/control/apiserver/handlers/list.js';
import type { ListPage } from '../../../../src/control/apiserver/storage/contracts.js';

const encoder = new TextEncoder();

t.test('sendPage gives others their turn while it writes many objects', async (t) => {
  const turns: number[] = [];
  let written = 0;
  const page = pageOf(1000, () => {
    written += 1;
  });
  const { exchange, body } = exchangeLike();
  const defer = (turn: () => void) => {
    turns.push(written);
    setImmediate(turn);
    return () => {};
  };
  const endpoint = {
    resource: { group: '', version: 'v1', listKind: 'ConfigMapList', conversion: null },
  } as unknown as ResourceEndpoint;
  const output = {
    serialization: 'json',
    as: null,
    isPretty: false,
    protobuf: null,
    omitsManagedFields: false,
  } as const;
  await sendPage(exchange, endpoint, { clock: { defer, now: () => 0 } as never }, { output, page });
  t.ok(turns.length >= 9, `${turns.length} turns`);
  t.ok(
    turns.every((count, i) => count - (turns[i - 1] ?? 0) <= 100),
    `after ${turns}`,
  );
  const list = JSON.parse(body());
  t.equal(list.kind, 'ConfigMapList');
  t.same(
    list.items.map((item: { at: number }) => item.at),
    Array.from({ length: 1000 }, (_, at) => at),
  );
});

t.test('sendPage makes no more of a long list than its reader has taken', async (t) => {
  for (const [serialization, isPretty] of [
    ['json', false],
    ['json', true],
    ['yaml', false],
  ] as const) {
    let written = 0;
    const page = pageOf(1000, () => {
      written += 1;
    });
    const { exchange } = exchangeLike();
    const reads: (() => void)[] = [];
    exchange.write = () => new Promise<void>((resolve) => reads.push(resolve));
    const output = {
      ...{ serialization, isPretty, as: null, protobuf: null, omitsManagedFields: false },
    } as const;
    const endpoint = {
      resource: { group: '', version: 'v1', listKind: 'ConfigMapList', conversion: null },
    } as unknown as ResourceEndpoint;
    const clock = { defer: setImmediate, now: () => 0 } as never;
    const done = sendPage(exchange, endpoint, { clock }, { output, page });
    for (let taken = 0; taken < 5; taken++) {
      while (reads.length === 0) await new Promise((resolve) => setImmediate(resolve));
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
      t.ok(written <= (taken + 1) * 100, `${written} after ${taken} were taken`);
      reads.shift()?.();
    }
    exchange.write = () => undefined;
    for (const read of reads) read();
    await done;
    t.equal(written, 1000, `${serialization} ${isPretty}`);
  }
});

t.test(
  'sendPage keeps a bounded part of a long list in protobuf, and writes the rest again',
  async (t) => {
    const itemBytes = 256 * 1024;
    const written: number[] = [];
    const writer = {
      write(items: readonly { at: number }[]) {
        written.push(...items.map(({ at }) => at));
        return Buffer.concat(items.map(({ at }) => Buffer.alloc(itemBytes, at)));
      },
      around: (size: number) => ({ head: Buffer.from(`<${size}>`), tail: Buffer.from('.') }),
    };
    const send = async (count: number) => {
      written.length = 0;
      const { exchange, bytes } = exchangeLike();
      const output = {
        ...{ serialization: 'protobuf', isPretty: false, as: null, omitsManagedFields: false },
        protobuf: { listWriter: () => writer },
      } as never;
      const endpoint = {
        resource: { group: '', version: 'v1', listKind: 'ConfigMapList', conversion: null },
      } as unknown as ResourceEndpoint;
      const clock = { defer: setImmediate, now: () => 0 } as never;
      await sendPage(exchange, endpoint, { clock }, { output, page: pageOf(count, () => {}) });
      return bytes();
    };
    for (const count of [0, 100, 128, 200]) {
      const body = await send(count);
      const head = `<${count * itemBytes}>`;
      t.equal(body.length, head.length + count * itemBytes + 1, `${count} items`);
      t.equal(body.subarray(0, head.length).toString(), head);
      t.equal(body.subarray(-1).toString(), '.');
      const items = body.subarray(head.length, -1);
      t.ok(
        Array.from({ length: count }, (_, at) => at).every((at) => items[at * itemBytes] === at),
      );
      const again = written.slice(count);
      t.same(
        again,
        Array.from({ length: again.length }, (_, at) => at + count - again.length),
      );
      // 32 MiB are 128 items; pieces end before them.
      if (count <= 128) t.same(again, []);
      else t.ok(again.length >= count - 128 && again.length <= count - 28, `${again.length} again`);
    }
  },
);

function pageOf(count: number, onWritten: () => void): ListPage {
  const items = Array.from({ length: count }, (_, at) => ({
    // Some are kept, some are not.
    jsonAmongMany: () => {
      onWritten();
      const text = `{"at":${at}}`;
      return at % 3 === 1 ? [encoder.encode(text)] : text;
    },
    get object() {
      onWritten();
      return { at };
    },
  }));
  return { items, revision: 7, nextKey: null, remainingCount: null } as unknown as ListPage;
}

/** As much of an exchange as an answer needs. */
function exchangeLike() {
  const chunks: Uint8Array[] = [];
  const exchange = {
    isStarted: false,
    request: { method: 'GET' },
    header: () => undefined,
    start: () => {},
    write: async (chunk: Uint8Array) => {
      chunks.push(chunk);
    },
    end: (chunk?: Uint8Array) => {
      if (chunk !== undefined) chunks.push(chunk);
    },
  } as unknown as Exchange;
  const bytes = () => Buffer.concat(chunks);
  return { exchange, bytes, body: () => bytes().toString() };
}
