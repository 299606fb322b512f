import { KV } from '../../../wire/index.js';
import { closeNothing, type Load, type LoadContext } from '../load.js';
import { rawMethod } from '../raw-method.js';
import { rangeTemplate } from '../requests.js';
import { keyChooserOf } from './put.js';
import { clientsOf, UnaryClient } from './unary.js';

const method = rawMethod(KV.methods.Range);

/** Ranges of one key each, linearizable or serializable. */
export function rangeLoad(context: LoadContext): Load {
  const keys = keyChooserOf(context);
  const clients = clientsOf(context, (channel) => {
    const template = rangeTemplate(context.spec);
    return new UnaryClient(channel, method, () => {
      template.setKey(0, keys.next());
      return template.bytes;
    });
  });
  return { series: ['range'], clients, close: closeNothing };
}
