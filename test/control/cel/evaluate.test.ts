import t from 'tap';
import { plainValue } from '../../../src/control/apiserver/cel/schema-values.js';
import { environmentOf } from '../../../src/control/cel/environment.js';
import { CompileError, compile } from '../../../src/control/cel/program.js';
import { shown } from '../../../src/control/cel/string-library.js';
import { dyn } from '../../../src/control/cel/types.js';
import { CelError } from '../../../src/control/cel/values.js';

const self = plainValue({
  name: 'web',
  replicas: 3,
  ratio: 1.5,
  tags: ['b', 'a', 'c'],
  ports: [
    { name: 'http', port: 80 },
    { name: 'https', port: 443 },
  ],
  labels: { app: 'web', 'a/b': 'x' },
  nothing: null,
});
const environment = environmentOf({ self: dyn });

function evaluate(text: string, left = 1_000_000): string {
  const program = compile(text, environment);
  try {
    return shown(program.run((name) => (name === 'self' ? self : undefined), { left }));
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    return `error: ${error.message}`;
  }
}

const values: readonly (readonly [expression: string, shown: string])[] = [
  ['1 + 2 * 3', '7'],
  ['7 / 2', '3'],
  ['-7 % 3', '-1'],
  ['7.0 / 2.0', '3.5'],
  ['1 < 2.5', 'true'],
  ['1 == dyn(1.0)', 'true'],
  ['1u + 2u', '3'],
  ['9223372036854775807 + 1', 'error: integer overflow'],
  ['1 / 0', 'error: division by zero'],
  ['self.replicas == 3', 'true'],
  ['self.ratio > 1.0', 'true'],
  ['has(self.name) && !has(self.other)', 'true'],
  ['has(self.nothing)', 'true'],
  ['self.other', 'error: no such key: other'],
  ['self.other == 1 || true', 'true'],
  ['true || self.other == 1', 'true'],
  ['self.other == 1 && false', 'false'],
  ['self.other == 1 || false', 'error: no such key: other'],
  ['self.?other.orValue("none")', 'none'],
  ['self.?name.hasValue()', 'true'],
  ['self.labels[?"a/b"].orValue("")', 'x'],
  ['optional.of(1).optMap(x, x + 1).value()', '2'],
  ['optional.none().orValue(5)', '5'],
  ['"a" in ["a", "b"]', 'true'],
  ['"app" in self.labels', 'true'],
  ['size(self.tags) == 3 && self.tags.size() == 3', 'true'],
  ['self.tags.all(x, x.size() == 1)', 'true'],
  ['self.tags.exists(x, x == "c")', 'true'],
  ['self.tags.exists_one(x, x == "c") && self.tags.existsOne(x, x == "a")', 'true'],
  ['[1, 2, 3].all(x, 6 / (x - 2) > 0)', 'false'],
  ['[1, 2, 3].exists(x, 6 / (x - 2) > 5)', 'true'],
  ['[1, 2].map(x, x * 2)', '[2, 4]'],
  ['[1, 2, 3].map(x, x > 1, x * 2)', '[4, 6]'],
  ['[1, 2, 3].filter(x, x > 1)', '[2, 3]'],
  ['self.labels.filter(k, k.startsWith("a"))', '[app, a/b]'],
  ['self.tags.all(i, v, i < 3 && v != "")', 'true'],
  ['self.tags.transformList(i, v, string(i) + v)', '[0b, 1a, 2c]'],
  ['self.labels.transformMap(k, v, k == "app", v + "!")', '{app: web!}'],
  ['self.ports.transformMapEntry(i, p, {p.name: p.port})', '{http: 80, https: 443}'],
  ['cel.bind(x, 2, x * x)', '4'],
  ['self.ports.sortBy(p, -p.port)[0].name', 'https'],
  ['self.tags.isSorted()', 'false'],
  ['[1, 2, 3].sum()', '6'],
  ['["b", "a"].min()', 'a'],
  ['self.tags.indexOf("c")', '2'],
  ['[1, 2, 3, 4].slice(1, 3)', '[2, 3]'],
  ['[[1, 2], [3]].flatten()', '[1, 2, 3]'],
  ['[1, 1, 2].distinct()', '[1, 2]'],
  ['sets.contains([1, 2, 3], [2])', 'true'],
  ['sets.intersects([1], [2])', 'false'],
  ['sets.equivalent([1, 2], [2, 1, 1])', 'true'],
  ['"abc".charAt(1) + "abc".substring(1) + "abc".substring(0, 1)', 'bbca'],
  ['"a-b-c".split("-")', '[a, b, c]'],
  ['"a-b-c".split("-", 2)', '[a, b-c]'],
  ['["a", "b"].join("-")', 'a-b'],
  ['"aXbX".replace("X", "y", 1)', 'aybX'],
  ['"Hello".lowerAscii() + "x".upperAscii()', 'helloX'],
  ['"hello".indexOf("l") + "hello".lastIndexOf("l")', '5'],
  ['"abc 123".find("[0-9]+")', '123'],
  ['"1 22 333".findAll("[0-9]+", 2)', '[1, 22]'],
  ['"foo".matches("^f.o$")', 'true'],
  ['"%s has %d".format(["x", 3])', 'x has 3'],
  ['"%.2f|%x|%b|%%".format([1.5, 255, 5])', '1.50|ff|101|%'],
  ['int("12") + int(3.9)', '15'],
  ['int("x")', 'error: strconv.ParseInt: parsing "x": invalid syntax'],
  ['double("1.5")', '1.5'],
  ['string(true) + string(1) + string(1.5)', 'true11.5'],
  ['type(1) == int && type("a") != int', 'true'],
  ['duration("1h30m").getMinutes()', '90'],
  ['duration("1h") < duration("61m")', 'true'],
  ['timestamp("2024-02-29T12:34:56Z").getDayOfMonth()', '28'],
  ['timestamp("2024-02-29T12:34:56Z").getHours("+02:00")', '14'],
  ['timestamp("2024-02-29T23:34:56Z").getDate("Europe/Vienna")', '1'],
  ['timestamp("2024-02-29T00:00:00Z") + duration("24h")', '2024-03-01T00:00:00Z'],
  ['url("https://user@example.com:8080/a?x=1&x=2").getHost()', 'example.com:8080'],
  ['url("https://example.com/a?x=1&x=2").getQuery()["x"]', '[1, 2]'],
  ['isURL("not a url")', 'false'],
  ['ip("192.168.0.1").family()', '4'],
  ['isIP("1.2.3")', 'false'],
  ['ip("127.0.0.1").isLoopback()', 'true'],
  ['cidr("10.0.0.0/8").containsIP("10.1.2.3")', 'true'],
  ['cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16")', 'true'],
  ['cidr("192.168.1.5/24").masked() == cidr("192.168.1.0/24")', 'true'],
  ['quantity("1Gi").isGreaterThan(quantity("500Mi"))', 'true'],
  ['quantity("1.5").add(quantity("500m")).asInteger()', '2'],
  ['isQuantity("1Xi")', 'false'],
  ['format.dns1123Label().validate("a.b").hasValue()', 'true'],
  ['format.named("uuid").value().validate("x").value()', '[must be of format uuid]'],
  ['semver("1.2.3").isLessThan(semver("1.10.0"))', 'true'],
  ['isSemver("1.2")', 'false'],
];

t.test('evaluate comes to what the language and the libraries of Kubernetes say', async (t) => {
  for (const [expression, expected] of values) t.equal(evaluate(expression), expected, expression);
});

t.test('evaluate stops when its budget is used up', async (t) => {
  const text = '[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, a * b > 0))';
  t.equal(evaluate(text), 'true');
  t.equal(evaluate(text, 100), 'error: operation cancelled: actual cost limit exceeded');
});

t.test('evaluate: regular expressions of users are bounded in time and cost', async (t) => {
  const expressions: readonly (readonly [expression: string, shown: string])[] = [
    ['("a".matches("^(a+)+$"))', 'true'],
    ["'a1b22'.find('[0-9]+')", '1'],
    ["'a1b22'.find('x')", ''],
    ["'a1b22'.findAll('[0-9]+')", '[1, 22]'],
    ["'a1b22'.findAll('[0-9]+', 1)", '[1]'],
    ["'a'.matches('(')", 'error: error parsing regexp: missing closing ): `(`'],
    ["'a'.find('(?=a)')", 'error: error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
  ];
  for (const [expression, expected] of expressions)
    t.equal(evaluate(expression), expected, expression);
  const text = `"${'a'.repeat(400)}!"`;
  // By trying all ways these would take longer than anybody lives.
  for (const call of [
    "matches('^(a+)+$')",
    "find('^(a|a)*$') != ''",
    "findAll('(a*)*b').size() > 0",
  ])
    t.equal(evaluate(`${text}.${call}`), 'false', call);
  // The text counts a tenth, the expression a quarter, and one times the other.
  const costly = `"${'a'.repeat(999)}".matches('${'b?'.repeat(20)}c')`;
  t.equal(evaluate(costly, 1110), 'false');
  t.equal(evaluate(costly, 1090), 'error: operation cancelled: actual cost limit exceeded');
});

const refusals: readonly (readonly [expression: string, problem: string])[] = [
  ['self.', 'Syntax error'],
  ['missing', "undeclared reference to 'missing' (in container '')"],
  ['self.nonsense()', "undeclared reference to 'nonsense' (in container '')"],
  ['1 + "a"', "found no matching overload for '_+_' applied to '(int, string)'"],
  ['"a" < 1', "found no matching overload for '_<_' applied to '(string, int)'"],
  ['!1', "found no matching overload for '!_' applied to '(int)'"],
  ['1 && true', "expected type 'bool' but found 'int'"],
  ['"a".startsWith(1)', "found no matching overload for 'startsWith' applied to 'string.(int)'"],
  ['1.all(x, true)', 'ERROR'],
  ['"a".all(x, true)', "expression of type 'string' cannot be range of a comprehension"],
];

t.test('compile refuses what makes no sense, and says where', async (t) => {
  for (const [expression, problem] of refusals) {
    try {
      compile(expression, environment);
      t.fail(`${expression} compiled`);
    } catch (error) {
      t.ok(error instanceof CompileError, expression);
      t.match((error as Error).message, problem, expression);
    }
  }
});
