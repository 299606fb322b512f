import { memberId, noMember } from '../../base/ids.js';
import { implementService } from '../../rpc/implement.js';
import type { ServiceImplementation } from '../../rpc/service.js';
import {
  AlarmAction,
  AlarmType,
  Maintenance,
  type StatusResponseInit,
} from '../../wire/gen/etcdserverpb.js';
import { CommandKind } from '../contracts.js';
import { StoreError } from '../errors.js';
import { clusterVersionOf } from './cluster-version.js';
import type { ApiContext } from './context.js';
import { downgrade } from './downgrade.js';
import { currentHeader, withHeader } from './header.js';
import { propose } from './propose.js';
import { SnapshotSender } from './snapshot.js';

/** etcdserverpb.Maintenance. */
export function maintenanceService(context: ApiContext): ServiceImplementation {
  const snapshots = new SnapshotSender(context);
  return implementService(Maintenance, {
    async Alarm(request, { requestBytes: payload, signal }) {
      if (request.action !== AlarmAction.GET) {
        const command = { kind: CommandKind.alarm, payload, response: 'alarm' } as const;
        const { value } = await propose(context, command, signal);
        return { header: currentHeader(context), alarms: value.map(toAlarmMember) };
      }
      await context.readBarrier(signal);
      const wanted = context
        .alarms()
        .filter(({ alarm }) => request.alarm === AlarmType.NONE || alarm === request.alarm);
      return { header: currentHeader(context), alarms: wanted.map(toAlarmMember) };
    },

    Status: () => statusOf(context),

    async Defragment() {
      await context.defragment();
      return {};
    },

    async Hash() {
      const { header, hash } = await context.mvcc.hashKv(0);
      return { header: context.header(header?.revision ?? context.mvcc.revision), hash };
    },

    async HashKV(request) {
      return withHeader(context, await context.mvcc.hashKv(request.revision));
    },

    Snapshot: (stream) => snapshots.serve(stream),

    async MoveLeader(request, { signal }) {
      if (context.raft().leader !== context.memberId) throw new StoreError('not-leader');
      const target = memberId(request.targetID);
      const member = context.members.get(target);
      if (member === undefined || member.isLearner) throw new StoreError('bad-leader-transferee');
      if (target !== context.memberId) await context.transferLeadership(target, signal);
      return {};
    },

    Downgrade: (request, { signal }) => downgrade(context, request, signal),
  });
}

function statusOf(context: ApiContext): StatusResponseInit {
  const raft = context.raft();
  const size = context.sizeBytes();
  return {
    header: currentHeader(context),
    version: context.version.etcd,
    dbSize: size.total,
    dbSizeInUse: size.inUse,
    dbSizeQuota: Math.max(0, context.limits.quotaBytes),
    leader: raft.leader,
    raftIndex: raft.commit,
    raftTerm: raft.term,
    raftAppliedIndex: context.appliedIndex(),
    errors: errorsOf(context),
    isLearner: context.members.get(context.memberId)?.isLearner === true,
    storageVersion: clusterVersionOf(context.version.etcd),
    downgradeInfo: { enabled: false },
  };
}

/** What is wrong here, in etcd's words: no leader, then the alarms. */
function errorsOf(context: ApiContext): string[] {
  const errors: string[] = [];
  if (context.raft().leader === noMember) errors.push(new StoreError('no-leader').message);
  for (const { memberId: id, alarm } of context.alarms()) {
    errors.push(`memberID:${id} alarm:${alarmName(alarm)} `);
  }
  return errors;
}

/** The alarm's name in etcd's enum; its number when it has none. */
export function alarmName(alarm: number): string {
  const names = Object.entries(AlarmType) as readonly (readonly [string, number])[];
  return names.find(([, number]) => number === alarm)?.[0] ?? String(alarm);
}

function toAlarmMember({ memberId: memberID, alarm }: { memberId: bigint; alarm: number }) {
  return { memberID, alarm };
}
