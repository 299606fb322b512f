import { ChannelCredentials, Client, type ClientDuplexStream } from '@grpc/grpc-js';
import { KV, Watch } from '../../src/wire/index.js';
import { Latencies } from './latencies.js';
import { keyOf, type Load, valueBytes } from './loads.js';

/** What a worker process is told to do. */
export interface WorkerJob {
  readonly endpoints: readonly string[];
  readonly load: Load;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What it measured. */
export interface WorkerResult {
  /** Requests answered, or events delivered, in the measured time. */
  readonly count: number;
  readonly buckets: readonly (readonly [number, number])[];
  readonly errors: number;
}

const value = Buffer.alloc(valueBytes, 'v');

process.on('message', (job: WorkerJob) => {
  measure(job).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));

async function measure({ endpoints, load, warmUpMs, measureMs }: WorkerJob): Promise<WorkerResult> {
  const clients = Array.from({ length: load.connections }, (_, index) =>
    openClient(endpoints[index % endpoints.length] ?? ''),
  );
  const begin = performance.now() + warmUpMs;
  const end = begin + measureMs;
  const latencies = new Latencies();
  let errors = 0;
  let events = 0;
  const streams = await openWatches(clients, load.watchers ?? 0, (count) => {
    const now = performance.now();
    if (now >= begin && now < end) events += count;
  });
  const loop = async (client: Client, seed: number) => {
    for (let n = seed; performance.now() < end; n += 7919) {
      const startedAt = performance.now();
      const isAnswered = await request(client, load, n);
      const now = performance.now();
      if (startedAt < begin || now > end) continue;
      if (isAnswered) latencies.add(now - startedAt);
      else errors++;
    }
  };
  const loops = clients.flatMap((client, c) =>
    Array.from({ length: load.inFlight }, (_, i) => loop(client, c * 131 + i)),
  );
  await Promise.all(loops);
  for (const stream of streams) stream.cancel();
  for (const client of clients) client.close();
  return {
    count: load.kind === 'watch' ? events : latencies.total,
    buckets: latencies.buckets(),
    errors,
  };
}

function openClient(endpoint: string): Client {
  return new Client(endpoint, ChannelCredentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
  });
}

/** One call, encoded and decoded by the same code for both servers. */
function request(client: Client, load: Load, n: number): Promise<boolean> {
  const isRange = load.kind === 'range';
  const method = isRange ? KV.methods.Range : KV.methods.Put;
  const bytes = isRange
    ? KV.methods.Range.request.encode({ key: keyOf(n), serializable: load.serializable === true })
    : KV.methods.Put.request.encode({ key: keyOf(n), value });
  return new Promise((resolve) => {
    client.makeUnaryRequest<Uint8Array, unknown>(
      method.path,
      toBuffer,
      (response) => method.response.decode(response),
      bytes,
      (error) => resolve(error === null),
    );
  });
}

/** Opens watchers on all keys, one stream for each connection, and waits until all are created. */
async function openWatches(
  clients: readonly Client[],
  count: number,
  onEvents: (count: number) => void,
): Promise<ClientDuplexStream<Uint8Array, Uint8Array>[]> {
  if (count === 0) return [];
  const opened = clients.map((client, index) => {
    const share = Math.floor((count + clients.length - 1 - index) / clients.length);
    return openWatchStream(client, share, onEvents);
  });
  return Promise.all(opened);
}

function openWatchStream(
  client: Client,
  count: number,
  onEvents: (count: number) => void,
): Promise<ClientDuplexStream<Uint8Array, Uint8Array>> {
  const { path, request: requests, response: responses } = Watch.methods.Watch;
  const stream = client.makeBidiStreamRequest<Uint8Array, Uint8Array>(path, toBuffer, (b) => b);
  for (let i = 0; i < count; i++) {
    stream.write(
      requests.encode({ createRequest: { key: keyOf(0), rangeEnd: Buffer.from('bench0') } }),
    );
  }
  return new Promise((resolve, reject) => {
    let created = 0;
    stream.on('data', (bytes: Uint8Array) => {
      const response = responses.decode(bytes);
      if (response.created && ++created === count) resolve(stream);
      onEvents(response.events.length);
    });
    stream.on('error', reject); // After the promise has resolved this does nothing: cancelling is the usual end.
  });
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
