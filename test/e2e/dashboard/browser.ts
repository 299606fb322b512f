import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Milliseconds that the page has for anything. */
export const patienceMs = 60_000;

/** The browser's executable; null when there is none on this machine. */
export function findChromium(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = folders.flatMap((folder) =>
    ['chromium', 'chromium-browser'].map((name) => join(folder, name)),
  );
  return paths.find((path) => existsSync(path)) ?? null;
}

/** What went wrong in a page without anybody having looked. */
export interface Mishaps {
  /** Exceptions, and what the content security policy has refused. */
  readonly errors: string[];
  /** Boxes that scripts have opened: only foreign ones would. */
  readonly dialogs: string[];
}

/** A browser with the dashboard of one API server. */
export class DashboardBrowser {
  readonly #browser: Browser;
  readonly #url: string;
  readonly mishaps: Mishaps = { errors: [], dialogs: [] };
  /** The addresses of everything that was asked for. */
  readonly requested: string[] = [];

  private constructor(browser: Browser, url: string) {
    this.#browser = browser;
    this.#url = url;
  }

  static async launch(executablePath: string, url: string): Promise<DashboardBrowser> {
    // Root has no sandbox, and small machines little shared memory.
    const args = ['--no-sandbox', '--disable-dev-shm-usage'];
    const browser = await chromium.launch({ executablePath, args, timeout: patienceMs });
    return new DashboardBrowser(browser, url);
  }

  /** A page of a session of its own, at the login. */
  async open(): Promise<DashboardPage> {
    const context = await this.#browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width: 1280, height: 800 },
      colorScheme: 'light',
    });
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    page.on('pageerror', (error) => this.mishaps.errors.push(String(error.stack ?? error)));
    page.on('console', (message) => {
      const text = message.text();
      // What a server refuses, and what a network that changes breaks off, is none of the page's faults.
      if (message.type() === 'error' && !text.startsWith('Failed to load resource')) {
        this.mishaps.errors.push(text);
      }
    });
    page.on('dialog', (dialog) => {
      this.mishaps.dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    page.on('request', (request) => this.requested.push(request.url()));
    const opened = new DashboardPage(context, page, this.#url);
    await opened.visit('', 'form');
    return opened;
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

/** The dashboard in one tab. */
export class DashboardPage {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #url: string;

  constructor(context: BrowserContext, page: Page, url: string) {
    this.#context = context;
    this.page = page;
    this.#url = url;
  }

  /**
   * Goes to a place of the page, as `resources/-/v1/pods`, and waits until there is what the selector says. A browser drops what it is
   * loading when any network of the machine changes, as other tests have it do: then it is loaded again.
   */
  async visit(place: string, selector: string): Promise<void> {
    await this.page.goto('about:blank');
    const endMs = performance.now() + patienceMs;
    for (;;) {
      try {
        await this.page.goto(`${this.#url}/dashboard#/${place}`);
        await this.page.waitForSelector(selector, { timeout: 30_000 });
        return;
      } catch (error) {
        if (performance.now() > endMs) throw error;
        await this.page.reload().catch(() => undefined);
      }
    }
  }

  /** Fills the login form in. */
  async giveToken(token: string): Promise<void> {
    await this.page.fill('#token', token);
    await this.page.click('button:has-text("Log in")');
  }

  /** Logs in, and is inside. */
  async logIn(token: string): Promise<void> {
    await this.giveToken(token);
    await this.page.waitForSelector('nav.menu');
  }

  /** Waits until something with this text is seen, and gives its text. */
  async sees(selector: string, text: string): Promise<string> {
    const found = this.page.locator(selector).filter({ hasText: text }).first();
    await found.waitFor();
    return (await found.textContent()) ?? '';
  }

  /** Waits until nothing with this text is there any more. */
  async seesNo(selector: string, text: string): Promise<void> {
    await this.page
      .locator(selector)
      .filter({ hasText: text })
      .first()
      .waitFor({ state: 'detached' });
  }

  /** Narrows the lists to a namespace. */
  async chooseNamespace(namespace: string): Promise<void> {
    await this.page.fill('#namespace', namespace);
    await this.page.press('#namespace', 'Enter');
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}
