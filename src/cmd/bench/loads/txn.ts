import { KV } from '../../../wire/index.js';
import { closeNothing, type Load, type LoadContext } from '../load.js';
import { rawMethod } from '../raw-method.js';
import { txnTemplate } from '../requests.js';
import { keyChooserOf } from './put.js';
import { clientsOf, UnaryClient } from './unary.js';

const method = rawMethod(KV.methods.Txn);

/** Transactions that compare a key and put it, and with more puts the keys after it. */
export function txnLoad(context: LoadContext): Load {
  const { spec, prng } = context;
  const keys = keyChooserOf(context);
  const clients = clientsOf(context, (channel) => {
    const template = txnTemplate(spec, prng);
    return new UnaryClient(channel, method, () => {
      const first = keys.next();
      template.setKey(0, first);
      for (let i = 1; i < template.keyCount; i++) {
        template.setKey(i, (first + i - 1) % spec.keySpace);
      }
      return template.bytes;
    });
  });
  return { series: ['txn'], clients, close: closeNothing };
}
