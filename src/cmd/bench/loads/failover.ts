import type { Channel } from '../../../rpc/index.js';
import { KV } from '../../../wire/index.js';
import { closeNothing, type Load, type LoadClient, type LoadContext } from '../load.js';
import { rawMethod } from '../raw-method.js';
import { putTemplate } from '../requests.js';
import { keyChooserOf } from './put.js';
import { clientsOf } from './unary.js';

const method = rawMethod(KV.methods.Put);

/**
 * Puts of writers that go to the next member when one fails or takes longer than an attempt may: the longest time without a
 * success is how long the cluster took no writes.
 */
export function failoverLoad(context: LoadContext): Load {
  const { spec, prng, channels } = context;
  const keys = keyChooserOf(context);
  const clients = clientsOf(context, (_, index): LoadClient => {
    const template = putTemplate(spec, prng);
    let at = index;
    return {
      series: 0,
      weight: 1,
      call: (onDone) => {
        template.setKey(0, keys.next());
        const channel = channels[at % channels.length] as Channel;
        channel.unary(method, template.bytes, { timeoutMs: spec.timeoutMs }).then(
          () => onDone(null),
          (error: Error) => {
            at++;
            onDone(error);
          },
        );
      },
    };
  });
  return { series: ['put'], clients, close: closeNothing };
}
