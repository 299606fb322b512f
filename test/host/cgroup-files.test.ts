import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { cgroupFiles } from '../../src/host/cgroup-files.js';
import { skipBecause } from '../e2e/project.js';

const base = '/sys/fs/cgroup';
const isWritable = await cgroupFiles.isWritable(base);

t.test(
  'cgroupFiles.removeEmpty removes a group that has nothing in it, and no other',
  skipBecause(!isWritable && 'control groups cannot be written here'),
  async (t) => {
    const hierarchy = existsSync(join(base, 'cgroup.controllers')) ? base : join(base, 'memory');
    const group = `/flotilla-test-${randomBytes(4).toString('hex')}`;
    await mkdir(join(hierarchy, group, 'inner'), { recursive: true });
    await cgroupFiles.removeEmpty(group);
    t.ok(existsSync(join(hierarchy, group)), 'a group is in it');
    await rmdir(join(hierarchy, group, 'inner'));
    await cgroupFiles.removeEmpty(group);
    t.notOk(existsSync(join(hierarchy, group)));
    await cgroupFiles.removeEmpty(group);
  },
);
