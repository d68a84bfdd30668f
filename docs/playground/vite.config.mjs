// Builds the playground into one file that opens from anywhere, file:// included.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = path.dirname(fileURLToPath(import.meta.url));

/** Puts the script and the style into the page. `$` means something to replace(), hence the functions. */
const oneFile = {
  name: 'one-file',
  apply: 'build',
  enforce: 'post',
  generateBundle(_, bundle) {
    const page = bundle['index.html'];
    for (const [name, { type, code, source }] of Object.entries(bundle)) {
      const is = (tag) =>
        new RegExp(`<${tag}[^>]*${name.replaceAll('.', '\\.')}[^>]*>(</script>)?`);
      if (name.endsWith('.css')) {
        page.source = page.source.replace(is('link'), () => `<style>\n${source}</style>`);
      } else if (type === 'chunk') {
        const safe = code.replaceAll('</script', '<\\/script');
        page.source = page.source.replace(
          is('script'),
          () => `<script type="module">\n${safe}</script>`,
        );
      } else {
        continue;
      }
      delete bundle[name];
    }
  },
};

export default defineConfig({
  root: here,
  base: './',
  plugins: [oneFile],
  build: {
    outDir: path.join(here, '../../build/playground'),
    emptyOutDir: true,
    modulePreload: false,
    cssCodeSplit: false,
    target: 'es2022',
  },
});
