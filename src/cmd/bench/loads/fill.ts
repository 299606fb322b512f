import type { Prng } from '../../../base/prng.js';
import { KV, TxnRequest } from '../../../wire/index.js';
import { keyOf } from '../keys.js';
import { closeNothing, type Load, type LoadClient, type LoadContext } from '../load.js';
import { rawMethod } from '../raw-method.js';
import type { LoadSpec } from '../spec.js';
import { clientsOf, UnaryClient } from './unary.js';

const method = rawMethod(KV.methods.Txn);
/** Requests stay below the limit that servers have by default, 1.5 MiB. */
const txnBytesMax = 1 << 20;

/** Puts in one transaction of a fill: as many as asked for, unless the values are too large for that. */
export function fillBatch({ keySizeBytes, valueSizeBytes, putsPerTxn }: LoadSpec): number {
  return Math.max(
    1,
    Math.min(putsPerTxn, Math.floor(txnBytesMax / (keySizeBytes + valueSizeBytes))),
  );
}

/** Transactions that it takes to write every key once. */
export function fillCalls(spec: LoadSpec): number {
  return Math.ceil(spec.keySpace / fillBatch(spec));
}

/** Writes every key of the key space once, in transactions of consecutive keys; a success counts for the keys that it wrote. */
export function fillLoad(context: LoadContext): Load {
  const { spec, prng } = context;
  let nextBatch = spec.keyOffset;
  const takeBatch = () => {
    const first = nextBatch * fillBatch(spec);
    nextBatch += spec.keyStride;
    return { first, count: Math.min(fillBatch(spec), spec.keySpace - first) };
  };
  const clients = clientsOf(
    context,
    (channel): LoadClient => new FillClient(channel, { spec, prng: prng.fork(), takeBatch }),
  );
  return { series: ['fill'], clients, close: closeNothing };
}

class FillClient extends UnaryClient {
  override weight = 0;

  constructor(
    channel: ConstructorParameters<typeof UnaryClient>[0],
    options: {
      readonly spec: LoadSpec;
      readonly prng: Prng;
      readonly takeBatch: () => { readonly first: number; readonly count: number };
    },
  ) {
    const { spec, takeBatch } = options;
    const value = options.prng.bytes(spec.valueSizeBytes);
    super(channel, method, () => {
      const { first, count } = takeBatch();
      this.weight = count;
      return TxnRequest.encode({
        success: Array.from({ length: count }, (_, i) => ({
          requestPut: { key: keyOf(first + i, spec.keySizeBytes), value },
        })),
      });
    });
  }
}
