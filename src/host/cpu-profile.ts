import { Session } from 'node:inspector/promises';

/** Records what this process computes until `done` settles: V8's CPU profile as JSON, which browsers' developer tools open (.cpuprofile). */
export async function recordCpuProfile(done: Promise<void>): Promise<string> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await done;
    const { profile } = await session.post('Profiler.stop');
    return JSON.stringify(profile);
  } finally {
    session.disconnect();
  }
}
