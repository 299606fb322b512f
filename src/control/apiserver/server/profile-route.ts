import { type Clock, sleep } from '../../../base/clock.js';
import { recordCpuProfile } from '../../../host/cpu-profile.js';
import { badRequest, tooManyRequests } from '../../machinery/status-errors.js';
import type { PlainRoutes } from './plain-routes.js';

const secondsDefault = 30;
const secondsMax = 300;

/** Serves `/debug/pprof/profile?seconds=30`: what the process computes in that time, as V8's CPU profile in JSON. One at a time. */
export function addProfileRoute(routes: PlainRoutes, clock: Clock): void {
  let isRecording = false;
  routes.exact('/debug/pprof/profile', async (exchange) => {
    const text = exchange.query.get('seconds') ?? String(secondsDefault);
    const seconds = Number(text);
    if (!/^\d+$/.test(text) || seconds < 1 || seconds > secondsMax)
      throw badRequest(`seconds: ${JSON.stringify(text)} is not between 1 and ${secondsMax}`);
    if (isRecording) throw tooManyRequests('a profile is being recorded', seconds);
    isRecording = true;
    try {
      const profile = await recordCpuProfile(sleep(clock, seconds * 1000));
      exchange.setHeader('content-disposition', 'attachment; filename="profile.cpuprofile"');
      exchange.send(200, 'application/json', new TextEncoder().encode(profile));
    } finally {
      isRecording = false;
    }
  });
}
