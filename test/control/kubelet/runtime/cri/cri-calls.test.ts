import t, { type Test } from 'tap';
import { CriCalls } from '../../../../../src/control/kubelet/runtime/cri/cri-calls.js';
import { criEvents } from '../../../../../src/control/kubelet/runtime/cri/cri-events.js';
import { StatusCache } from '../../../../../src/control/kubelet/runtime/cri/status-cache.js';
import { RuntimeError } from '../../../../../src/control/kubelet/runtime/runtime-error.js';
import { hostClock } from '../../../../../src/host/clock.js';
import { CallError, type Channel, Status, type StatusCode } from '../../../../../src/rpc/index.js';
import {
  ContainerEventType,
  ContainerState,
  RuntimeService,
} from '../../../../../src/wire/gen/runtime.js';

/** A runtime by its answers: what calls resolve with or reject with, by the method's name. */
class ScriptedChannel implements Channel {
  answers: Readonly<Record<string, () => unknown>> = {};
  streams: Readonly<Record<string, (signal: AbortSignal) => AsyncIterable<unknown>>> = {};

  async unary(method: { readonly name: string }): Promise<never> {
    const answer = this.answers[method.name];
    if (answer === undefined) throw new CallError(Status.unimplemented, 'unknown method', true);
    return answer() as never;
  }

  stream(method: { readonly name: string }, { signal }: { signal?: AbortSignal } = {}): never {
    const answer = this.streams[method.name] ?? refusing;
    const responses = answer(signal ?? new AbortController().signal);
    return { send: () => true, end() {}, cancel() {}, drained: async () => {}, responses } as never;
  }

  async close(): Promise<void> {}
}

// biome-ignore lint/correctness/useYield: it refuses before there is anything.
async function* refusing(): AsyncIterable<unknown> {
  throw new CallError(Status.unimplemented, 'unknown method GetContainerEvents', true);
}

t.test('CriCalls say what went wrong by a code, in the words of the runtime', async (t) => {
  const channel = new ScriptedChannel();
  const calls = new CriCalls(channel);
  const table: [StatusCode, string][] = [
    [Status.notFound, 'not-found'],
    [Status.deadlineExceeded, 'timeout'],
    [Status.unavailable, 'unreachable'],
    [Status.cancelled, 'unreachable'],
    [Status.unimplemented, 'unsupported'],
    [Status.unknown, 'start-failed'],
    [Status.internal, 'start-failed'],
  ];
  for (const [status, code] of table) {
    channel.answers = {
      StartContainer: () => {
        throw new CallError(status, 'words', true);
      },
    };
    const started = calls.call(
      RuntimeService.methods.StartContainer,
      {},
      { failure: 'start-failed' },
    );
    const error = await started.catch((caught: unknown) => caught);
    t.ok(error instanceof RuntimeError);
    const away = 'the container runtime cannot be reached: ';
    const message = code === 'unreachable' ? `${away}words` : 'words';
    t.equal((error as Error).message, message);
    t.match(error, { code }, `status ${status}`);
  }
  channel.answers = {
    StartContainer: () => {
      throw new TypeError('a bug');
    },
  };
  await t.rejects(calls.call(RuntimeService.methods.StartContainer, {}), TypeError);
});

t.test('criEvents give what the runtime tells', async (t) => {
  const channel = new ScriptedChannel();
  channel.streams = {
    async *GetContainerEvents() {
      const types = Object.values(ContainerEventType);
      for (const containerEventType of [...types, 99]) {
        yield { containerEventType, containerId: 'c', podSandboxStatus: { id: 's' } };
      }
    },
  };
  const seen = await take(t, channel, 4);
  t.strictSame(
    seen,
    ['created', 'started', 'stopped', 'deleted'].map((kind) => ({
      ...{ kind, containerId: 'c', sandboxId: 's' },
    })),
  );
});

t.test('criEvents are what has changed in lists where the runtime tells of none', async (t) => {
  const channel = new ScriptedChannel();
  const { CONTAINER_CREATED, CONTAINER_RUNNING, CONTAINER_EXITED } = ContainerState;
  const lists = [
    { old: CONTAINER_RUNNING, made: CONTAINER_CREATED },
    { old: CONTAINER_EXITED, made: CONTAINER_RUNNING, swift: CONTAINER_EXITED },
    { made: CONTAINER_RUNNING, swift: CONTAINER_EXITED },
  ];
  let looks = 0;
  channel.answers = {
    ListContainers: () => {
      const list = lists[Math.min(looks, lists.length - 1)] ?? {};
      looks += 1;
      const rows = Object.entries(list).map(([id, state]) => ({ id, state, podSandboxId: 's' }));
      return { containers: rows };
    },
  };
  channel.streams = {
    // Containerd tells that there is something, at any rate sooner than lists are looked at without.
    async *Subscribe(signal) {
      yield { topic: '/tasks/exit' };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
  const seen = await take(t, channel, 6);
  t.strictSame(
    seen.map(({ kind, containerId }) => `${kind} ${containerId}`),
    [
      'stopped old',
      'started made',
      'created swift',
      'started swift',
      'stopped swift',
      'deleted old',
    ],
  );
});

t.test('criEvents end with the runtime', async (t) => {
  const channel = new ScriptedChannel();
  channel.answers = {
    ListContainers: () => {
      throw new CallError(Status.unavailable, 'gone', false);
    },
  };
  await t.rejects(take(t, channel, 1), { code: 'unreachable' });
});

t.test(
  'StatusCache asks again for what is in another state, and forgets what is not listed',
  async (t) => {
    const asked: string[] = [];
    const statuses = new Map<string, { id: string; state: number }>();
    const cache = new StatusCache(
      ({ state }: { id: string; state: number }) => state,
      async (id) => {
        asked.push(id);
        return statuses.get(id) ?? null;
      },
    );
    const list = async (states: Readonly<Record<string, number>>) => {
      asked.length = 0;
      for (const [id, state] of Object.entries(states)) statuses.set(id, { id, state });
      const listed = Object.entries(states).map(([id, state]) => ({ id, state }));
      return (await cache.all(listed)).map(({ id, state }) => `${id}${state}`);
    };
    t.strictSame(await list({ a: 1, b: 1 }), ['a1', 'b1']);
    t.strictSame(asked, ['a', 'b']);
    t.strictSame(await list({ a: 2, b: 1 }), ['a2', 'b1']);
    t.strictSame(asked, ['a']);
    t.strictSame(await list({ b: 1 }), ['b1']);
    t.strictSame(asked, []);
    t.strictSame(await list({ a: 2, b: 1 }), ['a2', 'b1']);
    t.strictSame(asked, ['a'], 'it was forgotten');
    statuses.delete('gone');
    t.strictSame(await cache.all([{ id: 'gone', state: 1 }]), []);
  },
);

/** The first events. */
async function take(t: Test, channel: ScriptedChannel, count: number) {
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const seen: { kind: string; containerId: string; sandboxId: string }[] = [];
  for await (const event of criEvents(new CriCalls(channel), hostClock, stop.signal)) {
    seen.push({ ...event });
    if (seen.length === count) break;
  }
  stop.abort();
  return seen;
}
