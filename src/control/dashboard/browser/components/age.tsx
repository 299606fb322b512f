import { formatAge } from '../../model/age.js';

/** How long ago something was; its time when it is pointed at. */
export function Age({ fromMs, nowMs }: { readonly fromMs: number; readonly nowMs: number }) {
  if (fromMs === 0) return <span>unknown</span>;
  const time = new Date(fromMs).toISOString();
  return (
    <time dateTime={time} title={time}>
      {formatAge(nowMs - fromMs)}
    </time>
  );
}
