/** A condition as the older kinds have it. */
export interface TypedCondition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly lastTransitionTime?: string;
}

/**
 * The conditions with this one, at the end. One of its type that says the same (status and reason) stays as it is; one whose status is
 * the same passes on when that began.
 */
export function withCondition<C extends TypedCondition>(
  conditions: readonly C[],
  condition: C,
): C[] {
  const current = conditions.find(({ type }) => type === condition.type);
  if (current?.status === condition.status && current?.reason === condition.reason) {
    return [...conditions];
  }
  const isSameStatus = current !== undefined && current.status === condition.status;
  const since = isSameStatus ? { lastTransitionTime: current.lastTransitionTime } : {};
  return [...withoutCondition(conditions, condition.type ?? ''), { ...condition, ...since }];
}

/** The conditions without those of a type. */
export function withoutCondition<C extends TypedCondition>(
  conditions: readonly C[],
  type: string,
): C[] {
  return conditions.filter((condition) => condition.type !== type);
}
