/** The dashboard in a real browser, against a real API server, store and kubelet. */
import t from 'tap';
import { resources } from '../../../src/control/client/index.js';
import { until } from '../../client/until.js';
import { findKubectl, wantedVersions } from '../kubectl/kubectls.js';
import { skipBecause } from '../project.js';
import { DashboardBrowser, findChromium, patienceMs } from './browser.js';
import { DashboardCluster, markup, namespace } from './cluster.js';
import { nodeName, TalkingNode } from './talking-node.js';

const chromium = findChromium();
const kubectl = wantedVersions.map(findKubectl).findLast((found) => found !== null);
const missing = chromium === null ? 'no chromium' : kubectl == null ? 'no kubectl' : false;
const webPlace = `objects/apps/v1/deployments/${namespace}/web`;
t.test('the dashboard in Chromium', { ...skipBecause(missing) }, async (t) => {
  const cluster = await DashboardCluster.start(kubectl!.path);
  t.teardown(() => cluster.close());
  const node = new TalkingNode(cluster.env);
  t.teardown(() => node.close());
  const browser = await DashboardBrowser.launch(chromium!, cluster.env.url);
  t.teardown(() => browser.close());
  const tab = await browser.open();
  const { page } = tab;

  await t.test(
    'login: a token that nobody has is refused, and the administrator gets in',
    async (t) => {
      await tab.giveToken('no-such-token');
      t.match(await tab.sees('[role=alert]', 'Not logged in'), /Unauthorized/);
      await tab.logIn(cluster.adminToken);
      t.equal(await tab.sees('.user', 'admin'), 'admin');
      await tab.sees('.card', 'testenv, term');
      await page.reload();
      await tab.sees('.user', 'admin');
    },
  );

  await t.test('lists: what kubectl makes and deletes is seen at once', async (t) => {
    await tab.visit('resources/-/v1/pods', 'h1:has-text("Pods")');
    await tab.chooseNamespace(namespace);
    const pod = { metadata: { name: 'early' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const overrides = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...pod });
    await cluster.kubectl('run', 'early', '--image=i', `--overrides=${overrides}`);
    t.match(await tab.sees('tr', 'early'), /Pending/);
    await cluster.kubectl('delete', 'pod', 'early', '--grace-period=0', '--force');
    await tab.seesNo('tr', 'early');
  });

  await t.test(
    'lists: of many rows only those in sight are drawn, and all can be reached',
    async (t) => {
      const configMaps = cluster.env.client.objects(resources.configMaps);
      const names = Array.from({ length: 300 }, (_, at) => `row-${String(at).padStart(3, '0')}`);
      const create = (name: string) => configMaps.create({ metadata: { name, namespace } });
      // Each at once has a connection of its own: a busy machine does not get through 300 of their beginnings in time.
      for (let at = 0; at < names.length; at += 20)
        await Promise.all(names.slice(at, at + 20).map(create));
      await tab.visit('resources/-/v1/configmaps', 'td:has-text("row-000")');
      await until(
        'all rows are counted',
        async () => Number(await page.innerText('.count')) >= 300,
        patienceMs,
      );
      t.ok((await page.locator('tbody tr').count()) < 120);
      await page.hover('.table-view');
      await page.mouse.wheel(0, 1_000_000);
      await tab.sees('td', 'row-299');
      await page.focus('.table-view');
      await page.keyboard.press('Home');
      await tab.sees('td', 'row-000');
      await page.fill('input[type=search][aria-label="Filter Config maps"]', 'ROW-123');
      await tab.sees('td', 'row-123');
      t.equal(await page.locator('tbody tr').count(), 1);
    },
  );

  await t.test('actions: scale changes nothing before it is confirmed, then it does', async (t) => {
    await tab.visit(webPlace, 'h1:has-text("web")');
    await page.click('button:has-text("Scale")');
    await page.fill('dialog input[type=number]', '5');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    t.equal(await cluster.field('deployment/web', '.spec.replicas'), '1');
    await page.click('button:has-text("Scale")');
    await page.fill('dialog input[type=number]', '3');
    await page.click('dialog button[type=submit]');
    await page.waitForSelector('dialog', { state: 'detached' });
    t.equal(await cluster.field('deployment/web', '.spec.replicas'), '3');
    await page.click('button:has-text("Restart")');
    await page.click('dialog button[type=submit]');
    await page.waitForSelector('dialog', { state: 'detached' });
    const annotations = await cluster.field(
      'deployment/web',
      '.spec.template.metadata.annotations',
    );
    t.match(annotations, /kubectl\.kubernetes\.io\/restartedAt/);
  });

  await t.test(
    'edit: two changes of one object are brought together, and saved when looked at',
    async (t) => {
      await tab.visit(webPlace, '[role=tab]:has-text("YAML")');
      await page.click('[role=tab]:has-text("YAML")');
      await page.click('button:has-text("Edit")');
      const text = await page.inputValue('textarea');
      await page.fill('textarea', text.replace('replicas: 3', 'replicas: 4'));
      await cluster.kubectl('label', 'deployment/web', 'from=kubectl');
      await page.click('button:has-text("Save")');
      await tab.sees('.notice', 'changed meanwhile');
      t.equal(await cluster.field('deployment/web', '.spec.replicas'), '3');
      await page.click('button:has-text("Save")');
      await page.waitForSelector('textarea', { state: 'detached' });
      t.equal(await cluster.field('deployment/web', '.spec.replicas'), '4');
      t.equal(await cluster.field('deployment/web', '.metadata.labels.from'), 'kubectl');
    },
  );

  await t.test(
    'edit: what the server does not take is said in its words, and stays to be mended',
    async (t) => {
      await page.click('button:has-text("Edit")');
      const text = await page.inputValue('textarea');
      await page.fill('textarea', text.replace('replicas: 4', 'replicas: -1'));
      await page.click('button:has-text("Save")');
      t.match(await tab.sees('[role=alert]', 'Invalid'), /spec\.replicas/);
      t.equal(await page.locator('textarea').count(), 1);
      await page.click('button:has-text("Discard")');
    },
  );

  await t.test('markup in objects is text', async (t) => {
    await tab.visit(webPlace, 'dd');
    await tab.sees('code', markup);
    await tab.visit(`objects/-/v1/configmaps/${namespace}/greeting`, 'pre');
    t.equal(await page.innerText('pre.text'), markup);
    t.equal(await page.locator('#app img, #app script').count(), 0);
    t.strictSame(browser.mishaps.dialogs, []);
  });

  await t.test('logs: are followed, as text', async (t) => {
    const nodes = cluster.env.client.objects(resources.nodes);
    await until(
      'the node is there',
      () => nodes.get({ name: nodeName }).catch(() => null),
      patienceMs,
    );
    const command = [
      'sh',
      '-c',
      'echo "<b>first</b>"; while ! [ -e "$0" ]; do sleep 0.1; done; echo then; exec sleep 3600',
    ];
    const signal = `${cluster.env.dir}/go-on`;
    await cluster.env.client.objects(resources.pods).create({
      metadata: { name: 'talker', namespace },
      spec: {
        nodeName,
        hostNetwork: true,
        tolerations: [{ operator: 'Exists' }],
        containers: [{ name: 'main', image: 'host', command: [...command, signal] }],
      },
    });
    await tab.visit(`objects/-/v1/pods/${namespace}/talker`, '.badge:has-text("Running")');
    await page.click('[role=tab]:has-text("Logs")');
    t.equal(await tab.sees('pre.log', 'first'), '<b>first</b>');
    await cluster.touch('go-on');
    t.equal(await tab.sees('pre.log', 'then'), '<b>first</b>\nthen');
  });

  await t.test('console: a command gets lines of input, and its end is told', async (t) => {
    await page.click('[role=tab]:has-text("Console")');
    await page.click('button:has-text("Run")');
    await page.fill('label:has-text("Input") input', 'echo "<b>$((40 + 2))</b>"; exit 7');
    await page.click('button:has-text("Send")');
    t.equal(await tab.sees('pre.log', '42'), '<b>42</b>\n');
    t.match(await tab.sees('[role=status]', 'has ended'), /exit code 7/);
    await page.fill('label:has-text("Command") input', 'cat');
    await page.click('button:has-text("Run")');
    await page.fill('label:has-text("Input") input', 'and back');
    await page.click('button:has-text("Send")');
    await tab.sees('pre.log', 'and back');
    await page.click('button:has-text("End input")');
    t.equal(await tab.sees('[role=status]', 'has ended'), 'The command has ended.');
  });

  await t.test('apply: what is written is checked, then made; what is wrong is said', async (t) => {
    await tab.visit('apply', 'textarea');
    const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: applied }\n';
    const sail = 'apiVersion: v1\nkind: Sail\nmetadata: { name: a }\n';
    const bad = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: applied }\ndta: { a: b }\n';
    await page.fill('textarea', [configMap, sail, bad].join('---\n'));
    await page.click('button:has-text("Check")');
    await tab.sees('.results li', 'would be applied');
    await tab.sees('.results li', 'Sail of v1 is not served');
    t.match(await tab.sees('.results li', 'dta'), /ConfigMap shop\/applied/);
    t.equal((await cluster.kubectl('get', 'configmaps', '-o', 'name')).includes('applied'), false);
    await page.fill('textarea', `${configMap}data: { a: b }\n`);
    await page.click('button:has-text("Apply"):not(:has-text("YAML"))');
    t.match(await tab.sees('.results li', 'applied'), /ConfigMap shop\/applied applied/);
    t.equal(await cluster.field('configmap/applied', '.data.a'), 'b');
    await page.fill('textarea', 'a: [');
    await page.click('button:has-text("Check")');
    t.match(await tab.sees('[role=alert]', 'line 1'), /line 1/);
  });

  await t.test('logs: of a node that nobody answers for there is a message', async (t) => {
    await cluster.env.client.objects(resources.pods).create({
      metadata: { name: 'mute', namespace },
      spec: { nodeName: 'nowhere', containers: [{ name: 'main', image: 'i' }] },
    });
    await tab.visit(`objects/-/v1/pods/${namespace}/mute`, '[role=tab]:has-text("Logs")');
    await page.click('[role=tab]:has-text("Logs")');
    t.match(await tab.sees('[role=alert]', 'nowhere'), /nowhere/);
  });

  await t.test(
    'the store: members, a key through its revisions, and what happens now',
    async (t) => {
      await tab.visit('store', 'td:has-text("leader")');
      await page.click('[role=tab]:has-text("Keys")');
      await page.fill('.keys input[type=text]', `/registry/deployments/${namespace}/`);
      await page.click('button:has-text("List")');
      await page.check('text=watch');
      await tab.sees('.changes', 'Watching since revision');
      await cluster.kubectl('label', 'deployment/web', 'seen=yes');
      await tab.sees('.changes button', `/registry/deployments/${namespace}/web put`);
      await page.click('section[aria-label=Keys] .key-list button:has-text("web")');
      t.match(await tab.sees('.differences li', 'metadata.labels.seen'), /\(nothing\).*"yes"/);
      t.match(JSON.parse(await page.innerText('pre.value')), { spec: { replicas: 4 } });
      const revisions = page.locator('.key select option');
      await page.selectOption('.key select', { index: (await revisions.count()) - 1 });
      await until(
        'the first state is shown',
        async () => JSON.parse(await page.innerText('pre.value')).spec.replicas === 1,
        patienceMs,
      );
      t.match(JSON.parse(await page.innerText('pre.value')), {
        metadata: { annotations: { note: markup } },
      });
    },
  );

  await t.test('pictures and charts are drawn', async (t) => {
    await tab.visit('topology', `.node-box:has-text("${nodeName}")`);
    // Nodes and pods come in lists of their own.
    const countOf = (selector: string) => page.locator(selector).count();
    await until('two pods', async () => (await countOf('.square')) >= 2, patienceMs);
    await page.click('[role=tab]:has-text("Workloads")');
    await tab.sees('svg a', 'talker');
    await tab.visit('charts', '.chart canvas');
    await until('all charts', async () => (await countOf('.chart canvas')) >= 7, patienceMs);
    t.equal(await countOf('.chart canvas'), 7);
  });

  await t.test('who may little sees what is forbidden as forbidden, and the rest', async (t) => {
    const other = await browser.open();
    await other.logIn(cluster.viewerToken);
    await other.visit('resources/-/v1/secrets', 'h1:has-text("Secrets")');
    t.match(
      await other.sees('[role=alert]', 'Forbidden'),
      /cannot list resource "secrets"|cannot watch resource "secrets"/,
    );
    await other.visit(
      'resources/apps/v1/deployments',
      '[role=alert]:has-text("at the cluster scope")',
    );
    await other.chooseNamespace(namespace);
    await other.sees('td', 'web');
    await other.visit('store', '[role=alert]:has-text("/flotilla/store/status")');
    await other.visit(webPlace, 'h1:has-text("web")');
    await other.page.click('button:has-text("Delete")');
    await other.page.click('dialog button[type=submit]');
    await other.sees('dialog [role=alert]', 'cannot delete resource "deployments"');
    t.equal(await cluster.field('deployment/web', '.metadata.name'), 'web');
    await other.page.keyboard.press('Escape');
    await other.page.click('button:has-text("Log out")');
    await other.page.waitForSelector('#token');
    t.equal(await other.page.evaluate('sessionStorage.getItem("flotilla.token")'), null);
    await other.close();
  });

  await t.test('a token that ends leads back to the login', async () => {
    await page.evaluate('sessionStorage.setItem("flotilla.token", "ended")');
    await tab.visit('', '#token');
    await page.waitForSelector('text=not valid any more');
  });

  await t.test(
    'nothing was refused by the policy, no token is in an address, and nothing came from elsewhere',
    async (t) => {
      t.strictSame(browser.mishaps, { errors: [], dialogs: [] });
      const { requested } = browser;
      t.ok(requested.length > 50);
      t.strictSame(
        requested.filter((url) => !url.startsWith(`${cluster.env.url}/`)),
        [],
      );
      const tokens = [cluster.adminToken, cluster.viewerToken];
      t.strictSame(
        requested.filter((url) => tokens.some((token) => url.includes(token))),
        [],
      );
    },
  );
});
