import type { ControllerDefinition } from '../controller.js';
import { HorizontalPodAutoscalerController, horizontalPodAutoscalerName } from './controller.js';

/** HorizontalPodAutoscalers. */
export const horizontalPodAutoscalerDefinition: ControllerDefinition = {
  name: horizontalPodAutoscalerName,
  alias: 'horizontalpodautoscaling',
  eventSource: 'horizontal-pod-autoscaler',
  isOnByDefault: true,
  flags: [
    {
      name: 'concurrent-horizontal-pod-autoscaler-syncs',
      kind: 'integer',
      default: 5,
      help: 'Autoscalers that are looked at at once.',
    },
    {
      name: 'horizontal-pod-autoscaler-sync-period',
      kind: 'duration',
      default: 15_000,
      min: 1,
      help: 'How often each autoscaler is looked at.',
    },
    {
      name: 'horizontal-pod-autoscaler-downscale-stabilization',
      kind: 'duration',
      default: 300_000,
      help: 'The most that was recommended within this time counts on the way down.',
    },
    {
      name: 'horizontal-pod-autoscaler-tolerance',
      kind: 'number',
      default: 0.1,
      help: 'Ratios of actual to desired metrics that are so close to 1 change nothing.',
    },
    {
      name: 'horizontal-pod-autoscaler-cpu-initialization-period',
      kind: 'duration',
      default: 300_000,
      help: 'So long after the start of a pod, its CPU may say nothing about the load.',
    },
    {
      name: 'horizontal-pod-autoscaler-initial-readiness-delay',
      kind: 'duration',
      default: 30_000,
      help: 'Changes of readiness so soon after the start of a pod are part of its start.',
    },
  ],
  create: (parts, flags) =>
    new HorizontalPodAutoscalerController(parts, {
      workers: flags.integer('concurrent-horizontal-pod-autoscaler-syncs'),
      syncMs: flags.durationMs('horizontal-pod-autoscaler-sync-period'),
      downscaleStabilizationMs: flags.durationMs(
        'horizontal-pod-autoscaler-downscale-stabilization',
      ),
      tolerance: flags.number('horizontal-pod-autoscaler-tolerance'),
      cpuInitializationMs: flags.durationMs('horizontal-pod-autoscaler-cpu-initialization-period'),
      initialReadinessDelayMs: flags.durationMs(
        'horizontal-pod-autoscaler-initial-readiness-delay',
      ),
    }),
};
