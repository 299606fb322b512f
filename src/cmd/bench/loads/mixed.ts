import type { Prng } from '../../../base/prng.js';
import type { Channel } from '../../../rpc/index.js';
import { KV } from '../../../wire/index.js';
import type { KeyChooser } from '../keys.js';
import { closeNothing, type Load, type LoadClient, type LoadContext } from '../load.js';
import { rawMethod } from '../raw-method.js';
import { putTemplate, type RequestTemplate, rangeTemplate } from '../requests.js';
import type { LoadSpec } from '../spec.js';
import { keyChooserOf } from './put.js';
import { clientsOf } from './unary.js';

const rangeMethod = rawMethod(KV.methods.Range);
const putMethod = rawMethod(KV.methods.Put);
const rangeSeries = 0;
const putSeries = 1;

/** Ranges and puts in a given proportion, measured apart. */
export function mixedLoad(context: LoadContext): Load {
  const { spec, prng } = context;
  const keys = keyChooserOf(context);
  const clients = clientsOf(
    context,
    (channel) => new MixedClient({ channel, spec, keys, prng: prng.fork() }),
  );
  return { series: ['range', 'put'], clients, close: closeNothing };
}

class MixedClient implements LoadClient {
  series = rangeSeries;
  readonly weight = 1;
  readonly #channel: Channel;
  readonly #keys: KeyChooser;
  readonly #prng: Prng;
  readonly #readShare: number;
  readonly #range: RequestTemplate;
  readonly #put: RequestTemplate;

  constructor(options: {
    readonly channel: Channel;
    readonly spec: LoadSpec;
    readonly keys: KeyChooser;
    readonly prng: Prng;
  }) {
    this.#channel = options.channel;
    this.#keys = options.keys;
    this.#prng = options.prng;
    this.#readShare = options.spec.readShare;
    this.#range = rangeTemplate(options.spec);
    this.#put = putTemplate(options.spec, options.prng);
  }

  call(onDone: (error: Error | null) => void): void {
    const isRead = this.#prng.chance(this.#readShare);
    this.series = isRead ? rangeSeries : putSeries;
    const template = isRead ? this.#range : this.#put;
    template.setKey(0, this.#keys.next());
    this.#channel
      .unary(isRead ? rangeMethod : putMethod, template.bytes)
      .then(() => onDone(null), onDone);
  }
}
