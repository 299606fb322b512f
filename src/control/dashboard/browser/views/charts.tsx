import { useEffect, useRef, useState } from 'preact/hooks';
import type { WatchEvent } from '../../model/collection.js';
import { quantileOf } from '../../model/histogram.js';
import { resourcePath } from '../../model/page-route.js';
import { PodMilestones } from '../../model/pod-milestones.js';
import { type LoadReading, loadBetween, readLoad } from '../../model/server-load.js';
import { TimeSeries } from '../../model/time-series.js';
import { type Api, type ApiError, asApiError, isAbort } from '../api.js';
import { Chart } from '../components/chart.js';
import { Problem } from '../components/problem.js';
import { usePolled, useSession } from '../hooks.js';
import { pods } from '../known-resources.js';
import { pause } from '../live-list.js';

const pollMs = 5000;
const pointsMax = 360;

/** How fast the API answers and pods get their nodes, since the view was opened. */
export function Charts() {
  const { load, problem: loadProblem } = useServerLoad();
  const { times, problem: timesProblem } = usePodTimes();
  return (
    <section class="charts" aria-label="Charts">
      <h1>Charts</h1>
      <p class="hint">
        Of this API server, every five seconds while the view is open. Times of pods are taken from
        when the watch tells of them.
      </p>
      <Problem problem={loadProblem} />
      <Problem problem={timesProblem} />
      <div class="chart-grid">
        <SeriesChart title="Requests per second" series={load.rates} unit="/s" />
        <SeriesChart title="API latency" series={load.latencies} unit=" ms" />
        <SeriesChart title="Requests under way" series={load.underWay} unit="" />
        <SeriesChart title="Pods given to nodes per second" series={load.bindings} unit="/s" />
        <SeriesChart title="Binding latency" series={load.bindingLatencies} unit=" ms" />
        <SeriesChart
          title="Scheduling: a new pod has its node after"
          series={times.toNode}
          unit=" ms"
        />
        <SeriesChart title="Starting: a new pod runs after" series={times.toRunning} unit=" ms" />
      </div>
    </section>
  );
}

function SeriesChart(props: {
  readonly title: string;
  readonly series: TimeSeries;
  readonly unit: string;
}) {
  return <Chart {...props} version={props.series.length} />;
}

function newLoadSeries() {
  return {
    rates: new TimeSeries(['reads', 'writes'], pointsMax),
    latencies: new TimeSeries(['read p50', 'read p99', 'write p50', 'write p99'], pointsMax),
    underWay: new TimeSeries(['requests', 'watches'], pointsMax),
    bindings: new TimeSeries(['pods'], pointsMax),
    bindingLatencies: new TimeSeries(['p50', 'p99'], pointsMax),
  };
}

function useServerLoad() {
  const { api } = useSession();
  const [load] = useState(newLoadSeries);
  const before = useRef<LoadReading | null>(null);
  const { problem } = usePolled('metrics', pollMs, async (signal) => {
    const now = readLoad(await api.text('/metrics', { accept: 'text/plain', signal }), Date.now());
    if (before.current !== null) addLoad(load, before.current, now);
    before.current = now;
    return now;
  });
  return { load, problem };
}

function addLoad(
  series: ReturnType<typeof newLoadSeries>,
  before: LoadReading,
  now: LoadReading,
): void {
  const load = loadBetween(before, now);
  const { atMs } = now;
  series.rates.add(atMs, [load.readsPerSecond, load.writesPerSecond]);
  series.latencies.add(atMs, [load.readMsP50, load.readMsP99, load.writeMsP50, load.writeMsP99]);
  series.underWay.add(atMs, [now.inFlight, now.watches]);
  series.bindings.add(atMs, [load.bindingsPerSecond]);
  series.bindingLatencies.add(atMs, [load.bindingMsP50, load.bindingMsP99]);
}

function newTimeSeries() {
  return {
    toNode: new TimeSeries(['p50', 'p99'], pointsMax),
    toRunning: new TimeSeries(['p50', 'p99'], pointsMax),
  };
}

/** Watches pods of all namespaces from now on; the pods that are there already are not asked for. */
function usePodTimes() {
  const { api } = useSession();
  const [times] = useState(newTimeSeries);
  const [, setVersion] = useState(0);
  const [problem, setProblem] = useState<ApiError | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const milestones = new PodMilestones();
    const timer = setInterval(() => {
      const { toNode, toRunning } = milestones.drain();
      const atMs = Date.now();
      times.toNode.add(atMs, [quantileOf(toNode, 0.5), quantileOf(toNode, 0.99)]);
      times.toRunning.add(atMs, [quantileOf(toRunning, 0.5), quantileOf(toRunning, 0.99)]);
      setVersion((version) => version + 1);
    }, pollMs);
    followPods(api, milestones, stop.signal).catch((error: unknown) => {
      if (!isAbort(error)) setProblem(asApiError(error));
    });
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [api, times]);
  return { times, problem };
}

/** Goes on after failures that pass: pods that are made meanwhile are not measured. */
async function followPods(api: Api, milestones: PodMilestones, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await followPodsOnce(api, milestones, signal);
    } catch (error) {
      const { code } = asApiError(error);
      if (isAbort(error) || code === 401 || code === 403) throw error;
    }
    await pause(pollMs, signal);
  }
}

async function followPodsOnce(
  api: Api,
  milestones: PodMilestones,
  signal: AbortSignal,
): Promise<void> {
  const path = resourcePath(pods, '');
  const { metadata } = await api.json<{ readonly metadata: { readonly resourceVersion: string } }>(
    `${path}?limit=1`,
    { signal },
  );
  const watch = `${path}?watch=1&resourceVersion=${metadata.resourceVersion}`;
  for await (const lines of api.lines(watch, { signal })) {
    const nowMs = performance.now();
    for (const line of lines) milestones.take(JSON.parse(line) as WatchEvent, nowMs);
  }
}
