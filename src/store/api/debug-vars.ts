import { formatId, noMember } from '../../base/ids.js';
import type { HttpHandler } from '../../rpc/http-routes.js';
import type { ApiContext } from './context.js';

/** Answers /debug/vars: how the program was started, and where it stands in consensus, under the names that etcd's has. */
export function debugVars(context: ApiContext, commandLine: readonly string[]): HttpHandler {
  return () => ({
    status: 200,
    contentType: 'application/json; charset=utf-8',
    body: `${JSON.stringify({ cmdline: commandLine, 'raft.status': raftStatus(context) }, null, 1)}\n`,
  });
}

function raftStatus(context: ApiContext): object {
  const { id, term, vote, commit, leader, role, applied, transferee } = context.raft();
  const idText = (member: bigint) => (member === noMember ? '0' : formatId(member));
  return {
    id: idText(id),
    term,
    vote: idText(vote),
    commit,
    lead: idText(leader),
    raftState: `State${role[0]?.toUpperCase()}${role.slice(1)}`,
    applied,
    leadtransferee: idText(transferee),
  };
}
