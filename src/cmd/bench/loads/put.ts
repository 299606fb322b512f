import { KV } from '../../../wire/index.js';
import { KeyChooser } from '../keys.js';
import { closeNothing, type Load, type LoadContext } from '../load.js';
import { rawMethod } from '../raw-method.js';
import { putTemplate } from '../requests.js';
import type { LoadSpec } from '../spec.js';
import { clientsOf, UnaryClient } from './unary.js';

const method = rawMethod(KV.methods.Put);

/** Puts of keys of the key space. */
export function putLoad(context: LoadContext): Load {
  const { spec, prng } = context;
  const keys = keyChooserOf(context);
  const clients = clientsOf(context, (channel) => {
    const template = putTemplate(spec, prng);
    return new UnaryClient(channel, method, () => {
      template.setKey(0, keys.next());
      return template.bytes;
    });
  });
  return { series: ['put'], clients, close: closeNothing };
}

/** The keys of a process, in the order that the load asks for. */
export function keyChooserOf({
  spec,
  prng,
}: {
  readonly spec: LoadSpec;
  readonly prng: LoadContext['prng'];
}): KeyChooser {
  return new KeyChooser({
    keySpace: spec.keySpace,
    offset: spec.keyOffset,
    stride: spec.keyStride,
    prng: spec.isSequential ? null : prng.fork(),
  });
}
