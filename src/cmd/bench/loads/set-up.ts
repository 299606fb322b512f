import { unreachable } from '../../../base/assert.js';
import type { Load, LoadContext } from '../load.js';
import { failoverLoad } from './failover.js';
import { fillLoad } from './fill.js';
import { leaseKeepAliveLoad } from './lease-keepalive.js';
import { mixedLoad } from './mixed.js';
import { putLoad } from './put.js';
import { rangeLoad } from './range.js';
import { txnLoad } from './txn.js';
import { watchLoad } from './watch.js';

/** Sets up a load: when this resolves its clients can make calls. */
export async function setUpLoad(context: LoadContext): Promise<Load> {
  const { kind } = context.spec;
  switch (kind) {
    case 'put':
      return putLoad(context);
    case 'range':
      return rangeLoad(context);
    case 'txn':
      return txnLoad(context);
    case 'mixed':
      return mixedLoad(context);
    case 'watch':
      return watchLoad(context);
    case 'lease-keepalive':
      return leaseKeepAliveLoad(context);
    case 'fill':
      return fillLoad(context);
    case 'failover':
      return failoverLoad(context);
    default:
      return unreachable(kind);
  }
}
