import t from 'tap';
import { fieldValues, RequestFields } from '../../../src/rpc/web.js';

t.test('RequestFields joins fields of one name, and still tells them apart', async (t) => {
  const fields = new RequestFields([['accept', 'a, b']]);
  fields.add('x', '1, 2');
  fields.add('x', '');
  fields.add('x', '3');
  fields.add('cookie', 'a=1');
  fields.add('cookie', 'b=2');
  t.strictSame(
    [...fields],
    [
      ['accept', 'a, b'],
      ['x', '1, 2, , 3'],
      ['cookie', 'a=1; b=2'],
    ],
  );
  t.strictSame(fieldValues(fields, 'x'), ['1, 2', '', '3']);
  t.strictSame(fieldValues(fields, 'accept'), ['a, b']);
  t.strictSame(fieldValues(fields, 'none'), []);
  t.strictSame(fieldValues(new Map([['x', 'a, b']]), 'x'), ['a, b'], 'of a map: one value');
});
