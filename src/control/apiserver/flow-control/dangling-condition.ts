import type { FlowSchema } from '../../api/gen/flowcontrol-v1.js';
import { quote } from '../../machinery/quote.js';
import { formatTime } from '../../machinery/time.js';

/** A schema that says whether its level is there; the same object when it says so already. It is not changed, as others may share it. */
export function withDangling(
  schema: FlowSchema,
  isDangling: boolean,
  options: { readonly nowMs: number },
): FlowSchema {
  const conditions = schema.status?.conditions ?? [];
  const known = conditions.find(({ type }) => type === 'Dangling');
  const status = isDangling ? 'True' : 'False';
  const level = schema.spec?.priorityLevelConfiguration?.name ?? '';
  const about = `This FlowSchema references the PriorityLevelConfiguration object named ${quote(level)}`;
  const message = `${about} ${isDangling ? 'but there is no such object' : 'and it exists'}`;
  if (known?.status === status && known.message === message) return schema;
  const changedAt = formatTime(options.nowMs);
  const condition = {
    ...{ type: 'Dangling', status, message, reason: isDangling ? 'NotFound' : 'Found' },
    lastTransitionTime:
      known?.status === status ? (known.lastTransitionTime ?? changedAt) : changedAt,
  };
  const others = conditions.filter(({ type }) => type !== 'Dangling');
  return { ...schema, status: { ...schema.status, conditions: [...others, condition] } };
}
