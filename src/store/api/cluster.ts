import { type MemberId, memberId } from '../../base/ids.js';
import type { ConfChange, ConfChangeStep } from '../../raft/core/types.js';
import { implementService } from '../../rpc/implement.js';
import type { ServiceImplementation } from '../../rpc/service.js';
import { Cluster, type MemberInit } from '../../wire/gen/etcdserverpb.js';
import { MemberRecord } from '../../wire/gen/store.js';
import { CommandKind } from '../contracts.js';
import { StoreError } from '../errors.js';
import { computeMemberId } from '../member/member-ids.js';
import { parseMemberUrls, UrlError } from '../member/urls.js';
import { requireRoot, requireUser } from './access.js';
import type { ApiContext } from './context.js';
import { memberHeader } from './header.js';
import { propose } from './propose.js';
import { type ClusterView, checkAdd, checkPromote, checkRemove } from './reconfiguration.js';

/** etcd 3.4 and later hold a cluster to one learner at a time. */
const learnersMax = 1;

/** etcdserverpb.Cluster. Changes are checked against this member's newest state and then go through the log. */
export function clusterService(context: ApiContext): ServiceImplementation {
  return implementService(Cluster, {
    async MemberList(request, call) {
      if (request.linearizable) await context.readBarrier(call.signal);
      await requireUser(context, call);
      return { header: memberHeader(context), members: membersOf(context.members.list()) };
    },

    async MemberAdd(request, call) {
      const { signal } = call;
      const peerUrls = peerUrlsOf(request.peerURLs);
      await requireRoot(context, call);
      const { isLearner } = request;
      const view = await freshView(context, signal);
      if (context.limits.strictReconfigCheck) checkAdd(view, isLearner);
      refuseTakenUrls(view, peerUrls, null);
      if (isLearner && view.members.filter((member) => member.isLearner).length >= learnersMax) {
        throw new StoreError('too-many-learners');
      }
      const id = newMemberId(context, peerUrls);
      const record = MemberRecord.create({ id, peerUrls, isLearner });
      const step: ConfChangeStep = { kind: isLearner ? 'add-learner' : 'add-voter', id };
      const members = await change(context, step, record, signal);
      return { header: memberHeader(context), member: toMember(record), members };
    },

    async MemberRemove(request, call) {
      const { signal } = call;
      await requireRoot(context, call);
      const view = await freshView(context, signal);
      const { id } = existing(context, request.ID);
      if (context.limits.strictReconfigCheck) checkRemove(view, id);
      const members = await change(context, { kind: 'remove', id }, null, signal);
      return { header: memberHeader(context), members };
    },

    async MemberUpdate(request, call) {
      const { signal } = call;
      await requireRoot(context, call);
      const peerUrls = peerUrlsOf(request.peerURLs);
      const view = await freshView(context, signal);
      const { id } = existing(context, request.ID);
      refuseTakenUrls(view, peerUrls, id);
      const payload = MemberRecord.encode({ id, peerUrls });
      const command = { kind: CommandKind.memberUpdate, payload, response: 'members' } as const;
      const { value } = await propose(context, command, signal);
      return { header: memberHeader(context), members: membersOf(value) };
    },

    async MemberPromote(request, call) {
      const { signal } = call;
      await requireRoot(context, call);
      const view = await freshView(context, signal);
      const { id, record } = existing(context, request.ID);
      if (!record.isLearner) throw new StoreError('member-not-learner');
      if (context.limits.strictReconfigCheck) checkPromote(view);
      const members = await change(context, { kind: 'add-voter', id }, null, signal);
      return { header: memberHeader(context), members };
    },
  });
}

async function freshView(context: ApiContext, signal: AbortSignal): Promise<ClusterView> {
  await context.readBarrier(signal);
  return { members: context.members.list() };
}

function existing(context: ApiContext, rawId: bigint): { id: MemberId; record: MemberRecord } {
  const id = memberId(rawId);
  const record = context.members.get(id);
  if (record === undefined) throw new StoreError('member-not-found');
  return { id, record };
}

function peerUrlsOf(urls: readonly string[]): string[] {
  try {
    return parseMemberUrls(urls);
  } catch (error) {
    if (error instanceof UrlError) throw new StoreError('member-bad-urls', { cause: error });
    throw error;
  }
}

function refuseTakenUrls(
  view: ClusterView,
  peerUrls: readonly string[],
  except: MemberId | null,
): void {
  const others = view.members.filter((member) => member.id !== except);
  const taken = new Set(others.flatMap((member) => member.peerUrls));
  if (peerUrls.some((url) => taken.has(url))) throw new StoreError('peer-url-exists');
}

/** An id is never used again, so that a member that was removed cannot be mistaken for its successor. */
function newMemberId(context: ApiContext, peerUrls: readonly string[]): MemberId {
  const id = computeMemberId(peerUrls, '', Math.floor(context.clock.wallTime() / 1000));
  if (context.members.get(id) !== undefined || context.members.isRemoved(id)) {
    throw new StoreError('member-exists');
  }
  return id;
}

async function change(
  context: ApiContext,
  step: ConfChangeStep,
  record: MemberRecord | null,
  signal: AbortSignal,
): Promise<MemberInit[]> {
  const proposal: ConfChange = {
    steps: [step],
    joint: 'auto',
    context: record === null ? new Uint8Array(0) : MemberRecord.encode(record),
  };
  const result = await context.proposeConfChange(proposal, signal);
  if (!result.ok) throw result.error;
  return membersOf(context.members.list());
}

function membersOf(records: readonly MemberRecord[]): MemberInit[] {
  return records.map(toMember);
}

function toMember(record: MemberRecord): MemberInit {
  return {
    ID: record.id,
    name: record.name,
    peerURLs: record.peerUrls,
    clientURLs: record.clientUrls,
    isLearner: record.isLearner,
  };
}
