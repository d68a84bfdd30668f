// Builds the playground, opens the page in Chromium from file://, and tries it as a reader would.
//
//   npm run test:playground [WORD …]     only the tests whose sentence contains one of the words
//
// Screenshots are in build/playground/. CHROMIUM names the browser, if it is not where Debian puts it.

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { build, runnerImport } from 'vite';
import { Reader } from '../../test/playground/reader.mjs';
import { FREE_PLAY } from '../../test/playground/free-play.mjs';
import { PAGE } from '../../test/playground/page.mjs';
import { STORIES } from '../../test/playground/stories.mjs';
import { at } from '../setup/files.mjs';
import { SetupError, main } from '../setup/run.mjs';

const FOLDER = at('build/playground');
const CONFIG = at('docs/playground/vite.config.mjs');

function findBrowser() {
  const names = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'];
  const found = names.find((name) => name && fs.existsSync(name));
  if (found === undefined) throw new SetupError('Chromium is missing: apt-get install chromium');
  return found;
}

await main(async () => {
  const executablePath = findBrowser();
  await build({ configFile: CONFIG, logLevel: 'warn' });
  // What the page has to show: the same scenarios, played here.
  const source = at('docs/playground/src/stories.ts');
  const { module: told } = await runnerImport(source, { configFile: false, logLevel: 'error' });

  // There is no sandbox for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath, args });
  const url = pathToFileURL(path.join(FOLDER, 'index.html')).href;
  const words = process.argv.slice(2);
  const isWanted = ([name]) => words.length === 0 || words.some((word) => name.includes(word));

  let failed = 0;
  const tests = [...STORIES(told), ...FREE_PLAY, ...PAGE].filter(isWanted);
  for (const [name, body] of tests) {
    const reader = new Reader(browser, url, FOLDER);
    try {
      await body(reader);
      reader.assertNoComplaints();
      console.log(`ok      ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAILED  ${name}\n${error.stack}`);
    } finally {
      await reader.close();
    }
  }
  await browser.close();
  console.log(`\n${tests.length - failed} passed, ${failed} failed`);
  if (failed > 0 || tests.length === 0) process.exitCode = 1;
});
