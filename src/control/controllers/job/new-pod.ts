import { defined } from '../../../base/assert.js';
import type { Job } from '../../api/gen/batch-v1.js';
import type { Container, Pod } from '../../api/gen/core-v1.js';
import { podFromTemplate } from '../pods/pod-from-template.js';
import type { NewPod } from './pod-actions.js';
import {
  completionIndexKey,
  failureCountKey,
  ignoredFailureCountKey,
  trackingFinalizer,
} from './pod-marks.js';

/** What the server adds its random characters to is this long at most. */
const prefixLengthMax = 58;

/** A pod of a job. */
export function jobPod(job: Job, { index, failures }: NewPod): Pod {
  const pod = podFromTemplate(job.spec?.template, job);
  const finalizers = pod.metadata.finalizers ?? [];
  if (!finalizers.includes(trackingFinalizer)) {
    pod.metadata.finalizers = [...finalizers, trackingFinalizer];
  }
  if (index !== undefined) markIndex(pod, defined(job.metadata.name), index);
  if (failures !== undefined) {
    pod.metadata.annotations = {
      ...pod.metadata.annotations,
      [failureCountKey]: String(failures.counted),
      ...(failures.ignored > 0 ? { [ignoredFailureCountKey]: String(failures.ignored) } : {}),
    };
  }
  return pod;
}

function markIndex({ metadata, spec }: Pod, jobName: string, index: number): void {
  const text = String(index);
  const end = `-${text}-`;
  metadata.generateName = `${jobName.slice(0, prefixLengthMax - end.length)}${end}`;
  metadata.annotations = { ...metadata.annotations, [completionIndexKey]: text };
  metadata.labels = { ...metadata.labels, [completionIndexKey]: text };
  if (spec === undefined) return;
  spec.hostname = `${jobName}-${text}`;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    tellIndex(container);
  }
}

const indexVariable = 'JOB_COMPLETION_INDEX';

function tellIndex(container: Container): void {
  const { env = [] } = container;
  if (env.some(({ name }) => name === indexVariable)) return;
  const fieldPath = `metadata.labels['${completionIndexKey}']`;
  container.env = [...env, { name: indexVariable, valueFrom: { fieldRef: { fieldPath } } }];
}
