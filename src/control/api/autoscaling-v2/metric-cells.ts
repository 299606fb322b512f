import type {
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../gen/autoscaling-v2.js';

const shownMax = 2;
const unknown = '<unknown>';

/** What an autoscaler follows, and where it is now: `cpu: 30%/80%`. */
export function metricsCell(
  metrics: readonly MetricSpec[] | undefined,
  statuses: readonly MetricStatus[] | undefined,
): string {
  if (!metrics?.length) return '<none>';
  const all = metrics.map((metric, at) => metricText(metric, statuses?.[at]));
  const shown = all.slice(0, shownMax).join(', ');
  return all.length > shownMax ? `${shown} + ${all.length - shownMax} more...` : shown;
}

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  switch (metric.type) {
    case 'External':
      return valueText(metric.external?.target, status?.external?.current);
    case 'Object':
      return valueText(metric.object?.target, status?.object?.current);
    case 'Pods': {
      const current = status?.pods?.current?.averageValue ?? unknown;
      return `${current}/${metric.pods?.target?.averageValue ?? '<nil>'}`;
    }
    case 'Resource':
      return resourceText(metric.resource, status?.resource?.current);
    case 'ContainerResource':
      return resourceText(metric.containerResource, status?.containerResource?.current);
    default:
      return '<unknown type>';
  }
}

function valueText(
  target: MetricTarget | undefined,
  current: MetricValueStatus | undefined,
): string {
  if (target?.averageValue !== undefined) {
    return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`;
  }
  return `${current?.value ?? unknown}/${target?.value ?? '<nil>'}`;
}

function resourceText(
  source: { readonly name?: string; readonly target?: MetricTarget } | undefined,
  current: MetricValueStatus | undefined,
): string {
  const { name = '', target } = source ?? {};
  if (target?.averageValue !== undefined) {
    return `${name}: ${current?.averageValue ?? unknown}/${target.averageValue}`;
  }
  const now = percentText(current?.averageUtilization, unknown);
  return `${name}: ${now}/${percentText(target?.averageUtilization, '<auto>')}`;
}

function percentText(percent: number | undefined, otherwise: string): string {
  return percent === undefined ? otherwise : `${percent}%`;
}
