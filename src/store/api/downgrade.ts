import { RpcError, Status } from '../../rpc/service.js';
import {
  DowngradeAction,
  type DowngradeRequest,
  type DowngradeResponseInit,
} from '../../wire/gen/etcdserverpb.js';
import { StoreError } from '../errors.js';
import { clusterVersionOf } from './cluster-version.js';
import type { ApiContext } from './context.js';
import { currentHeader } from './header.js';

/**
 * Maintenance.Downgrade, as far as it goes: what may be asked for is checked as etcd 3.5 does, but nothing is ever downgraded. A member
 * of an older etcd cannot read what is stored here, so that a cluster which had agreed to take one up would have agreed to nothing.
 */
export async function downgrade(
  context: ApiContext,
  { action, version }: DowngradeRequest,
  signal: AbortSignal,
): Promise<DowngradeResponseInit> {
  switch (action) {
    case DowngradeAction.VALIDATE:
      return validate(context, version, signal);
    case DowngradeAction.ENABLE:
      await validate(context, version, signal);
      throw new RpcError(
        Status.failedPrecondition,
        'flotilla: this data is of no older version; save a snapshot, and restore it into an etcd of the version wanted',
      );
    case DowngradeAction.CANCEL:
      await context.readBarrier(signal);
      throw new StoreError('no-downgrade');
    default:
      throw new RpcError(Status.unknown, 'etcdserver: unknown method');
  }
}

/** Only the minor version before the cluster's may be asked for. */
async function validate(
  context: ApiContext,
  text: string,
  signal: AbortSignal,
): Promise<DowngradeResponseInit> {
  const [, major, minor] = /^(\d+)\.(\d+)(?:\.\d+(?:[-+].*)?)?$/.exec(text) ?? [];
  if (minor === undefined) throw new StoreError('downgrade-version-format');
  await context.readBarrier(signal);
  const version = clusterVersionOf(context.version.etcd);
  const [currentMajor, currentMinor] = version.split('.').map(Number);
  const isOneBack = Number(major) === currentMajor && Number(minor) + 1 === currentMinor;
  if (!isOneBack) throw new StoreError('downgrade-version');
  return { header: currentHeader(context), version };
}
