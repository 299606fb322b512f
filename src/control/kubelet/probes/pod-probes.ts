import type { Clock } from '../../../base/clock.js';
import type { Pod, Probe } from '../../api/gen/core-v1.js';
import type { EventRecorder } from '../../client/index.js';
import type { ProbeCount } from '../kubelet-view.js';
import { containersOf, type PodContainer } from '../pods/container-list.js';
import { newestOf, type ObservedPod } from '../pods/observed-pod.js';
import type { ProbeFindings } from '../pods/plan.js';
import type { ContainerState } from '../runtime/container-runtime.js';
import { type ProbeKind, ProbeRun } from './probe-run.js';
import type { ProbeAnswer, Prober } from './prober.js';

/** What probes of a node's pods work with. */
export interface PodProbesParts {
  readonly prober: Prober;
  readonly clock: Clock;
  readonly events: EventRecorder;
  /** A probe has changed its mind about a container of a pod. */
  readonly onChange: (uid: string) => void;
}

interface Watched {
  readonly runs: readonly ProbeRun[];
  /** What probes said last; without a word: not yet. */
  readonly verdicts: Map<ProbeKind, boolean>;
  readonly probes: ReadonlyMap<ProbeKind, Probe>;
  readonly container: string;
}

const probesOf = ({ spec }: PodContainer) =>
  new Map<ProbeKind, Probe>(
    (
      [
        ['Startup', spec.startupProbe],
        ['Liveness', spec.livenessProbe],
        ['Readiness', spec.readinessProbe],
      ] as const
    ).flatMap(([kind, probe]) => (probe === undefined ? [] : [[kind, probe] as const])),
  );

/** Asks all containers of the node how they are, and keeps what they said. */
export class PodProbes implements ProbeFindings {
  readonly #parts: PodProbesParts;
  /** By container id, by the uid of the pod. */
  readonly #pods = new Map<string, Map<string, Watched>>();
  readonly #byContainer = new Map<string, Watched>();
  readonly #counts = new Map<string, ProbeCount>();

  constructor(parts: PodProbesParts) {
    this.#parts = parts;
  }

  /** The containers that run now are asked from now on, and those that do not are not any more. */
  follow(pod: Pod, observed: ObservedPod): void {
    const { uid = '' } = pod.metadata;
    const before = this.#pods.get(uid) ?? new Map<string, Watched>();
    const after = new Map<string, Watched>();
    for (const container of containersOf(pod)) {
      if (container.role === 'init' || container.role === 'ephemeral') continue;
      const state = newestOf(observed, container.name);
      if (state?.state !== 'running') continue;
      after.set(state.id, before.get(state.id) ?? this.#watch(pod, container, state));
    }
    for (const [id, watched] of before) if (!after.has(id)) this.#drop(id, watched);
    this.#pods.set(uid, after);
  }

  /** The pod ends: it is not started again for what it says, but says yet whether it takes traffic. */
  calm(uid: string): void {
    for (const watched of this.#pods.get(uid)?.values() ?? []) {
      watched.runs.forEach((run, at) => {
        if ([...watched.probes.keys()][at] !== 'Readiness') run.stop();
      });
    }
  }

  /** Nothing of the pod is asked any more. */
  forget(uid: string): void {
    for (const [id, watched] of this.#pods.get(uid) ?? []) this.#drop(id, watched);
    this.#pods.delete(uid);
    for (const [key, { podUid }] of this.#counts) if (podUid === uid) this.#counts.delete(key);
  }

  stop(): void {
    for (const uid of [...this.#pods.keys()]) this.forget(uid);
  }

  hasFailedLiveness(containerId: string): boolean {
    return this.#byContainer.get(containerId)?.verdicts.get('Liveness') === false;
  }

  hasFailedStartup(containerId: string): boolean {
    return this.#byContainer.get(containerId)?.verdicts.get('Startup') === false;
  }

  isStarted(containerId: string): boolean {
    const watched = this.#byContainer.get(containerId);
    if (watched === undefined) return false;
    return !watched.probes.has('Startup') || watched.verdicts.get('Startup') === true;
  }

  isReady(containerId: string): boolean {
    const watched = this.#byContainer.get(containerId);
    if (watched === undefined || !this.isStarted(containerId)) return false;
    return !watched.probes.has('Readiness') || watched.verdicts.get('Readiness') === true;
  }

  /** How long a container is given to end that is killed for a probe; null: as long as its pod says. */
  graceOf(containerId: string, kind: 'Liveness' | 'Startup'): number | null {
    const probe = this.#byContainer.get(containerId)?.probes.get(kind);
    return probe?.terminationGracePeriodSeconds ?? null;
  }

  get counts(): readonly ProbeCount[] {
    return [...this.#counts.values()];
  }

  #watch(pod: Pod, container: PodContainer, state: ContainerState): Watched {
    const { uid = '' } = pod.metadata;
    const probes = probesOf(container);
    const verdicts = new Map<ProbeKind, boolean>();
    // One that was ready when this kubelet began stays so until it says otherwise.
    if (wasReady(pod, container.name, state.id)) {
      verdicts.set('Readiness', true);
      verdicts.set('Startup', true);
    }
    const runs = [...probes].map(
      ([kind, probe]) =>
        new ProbeRun({
          ...{ clock: this.#parts.clock, probe, kind, startedAtMs: state.startedAtMs },
          isDue: () =>
            kind === 'Startup' ? verdicts.get(kind) !== true : this.isStarted(state.id),
          ask: (timeoutMs) => this.#ask(pod, container, state.id, probe, timeoutMs),
          onAnswer: (answer) => this.#onAnswer(pod, container, kind, answer),
          onVerdict: (isWell) => {
            verdicts.set(kind, isWell);
            this.#parts.onChange(uid);
          },
        }),
    );
    const watched = { runs, verdicts, probes, container: container.name };
    this.#byContainer.set(state.id, watched);
    return watched;
  }

  #ask(pod: Pod, { spec }: PodContainer, containerId: string, probe: Probe, timeoutMs: number) {
    const host = pod.status?.podIP ?? '';
    const target = { pod, containerId, ports: spec.ports ?? [], host: this.#hostOf(pod, host) };
    return this.#parts.prober.probe(target, probe, timeoutMs);
  }

  /** The address that the pod has by now. */
  #hostOf(pod: Pod, host: string): string {
    return this.addressOf(pod.metadata.uid ?? '') ?? host;
  }

  /** Set by whoever knows the addresses of pods' sandboxes. */
  addressOf: (uid: string) => string | null = () => null;

  #onAnswer(pod: Pod, container: PodContainer, kind: ProbeKind, answer: ProbeAnswer): void {
    this.#count(pod, container, kind, answer);
    if (answer.result === 'success') return;
    const how = answer.result === 'failure' ? 'failed' : 'errored and resulted in unknown state';
    const message = `${kind} probe ${how}: ${answer.output}`;
    this.#parts.events.event(pod, 'Warning', 'Unhealthy', message, container.fieldPath);
  }

  #count(pod: Pod, { name }: PodContainer, kind: ProbeKind, { result }: ProbeAnswer): void {
    const { uid = '', namespace = '', name: podName = '' } = pod.metadata;
    const word = ({ success: 'successful', failure: 'failed', unknown: 'unknown' } as const)[
      result
    ];
    const key = `${uid}/${name}/${kind}/${word}`;
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    const where = { namespace, pod: podName, podUid: uid, container: name };
    this.#counts.set(key, { ...where, kind, result: word, count });
  }

  #drop(id: string, { runs }: Watched): void {
    for (const run of runs) run.stop();
    this.#byContainer.delete(id);
  }
}

function wasReady({ status }: Pod, container: string, containerId: string): boolean {
  const { containerStatuses = [], initContainerStatuses = [] } = status ?? {};
  const known = [...containerStatuses, ...initContainerStatuses].find(
    ({ name }) => name === container,
  );
  return known?.ready === true && known.containerID?.endsWith(`//${containerId}`) === true;
}
