import t from 'tap';
import { createLogger, type LogFormat } from '../../src/host/log-sink.js';

function makeLogger(format: LogFormat, capacity = Number.POSITIVE_INFINITY) {
  const lines: string[] = [];
  let onDrained = () => {};
  const logger = createLogger({
    level: 'info',
    format,
    destination: {
      write(line) {
        lines.push(line);
        return lines.length < capacity;
      },
      onceDrained(callback) {
        onDrained = callback;
      },
    },
  });
  return { logger, lines, drain: () => onDrained() };
}

t.test(
  'createLogger writes one JSON object a line, with level, time, message and fields',
  async (t) => {
    const { logger, lines } = makeLogger('json');
    logger.child({ member: 'a' }).info('hello', { id: 2n ** 63n, text: 'x\ny' });
    t.equal(lines.length, 1);
    const { ts, ...rest } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    t.match(ts, /^\d{4}-\d\d-\d\dT/);
    t.same(rest, {
      level: 'info',
      msg: 'hello',
      member: 'a',
      id: '9223372036854775808',
      text: 'x\ny',
    });
  },
);

t.test('createLogger writes text for people, quoting what would be misread', async (t) => {
  const { logger, lines } = makeLogger('text');
  logger.warn('full', { path: '/a/b', why: 'no space left', gone: undefined });
  t.match(lines[0], /Z warn {2}full path=\/a\/b why="no space left"\n$/);
});

t.test('createLogger drops lines below its level', async (t) => {
  const { logger, lines } = makeLogger('text');
  logger.debug('no');
  logger.error('yes');
  t.equal(lines.length, 1);
});

t.test('createLogger drops and counts lines while its reader is stuck (etcd 22214)', async (t) => {
  const { logger, lines, drain } = makeLogger('json', 2);
  for (let i = 0; i < 10; i++) logger.info(`line ${i}`);
  t.equal(lines.length, 2);
  drain();
  t.match(JSON.parse(lines[2] ?? ''), { msg: /dropped/, lines: 8 });
});
