import { openHostDisk } from '../../host/disk.js';
import { openLevelHome } from '../../host/level.js';
import { defaultLimits, type MemberPlace, separateValues } from '../../store/index.js';

/** Where a member's data are in its data directory, and its log, which may be apart. */
export const place = { wal: 'wal', db: 'db', values: 'db/values', snapshots: 'snap' } as const;

/** The parts of a data directory that a member is made of when it does not begin empty. */
export function memberPlace(dataDir: string, walDir: string): MemberPlace {
  const disk = openHostDisk(dataDir);
  return {
    disk,
    walDisk: walDir === '' ? disk : openHostDisk(walDir),
    walDir: walDir === '' ? place.wal : '.',
    db: separateValues(openLevelHome(`${dataDir}/${place.db}`), {
      disk,
      dir: place.values,
      valueBytesMin: defaultLimits.valueFileBytesMin,
    }),
  };
}
