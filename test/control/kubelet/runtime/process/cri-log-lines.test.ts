import t from 'tap';
import { CriLogLines } from '../../../../../src/control/kubelet/runtime/process/log-keeper/cri-log-lines.js';

t.test('CriLogLines: a last line without its end is a part of one', async (t) => {
  const lines = new CriLogLines('stdout');
  const texts = (bytes: Buffer) => bytes.toString().replaceAll(/^\S+ /gm, '');
  t.equal(texts(lines.add(Buffer.from('one\ntw'), 0)), 'stdout F one\n');
  t.equal(texts(lines.add(Buffer.from('o\nthree'), 1)), 'stdout F two\n');
  t.equal(texts(lines.flush(2)), 'stdout P three\n');
  t.equal(lines.flush(3).length, 0, 'and it is told once');
});
