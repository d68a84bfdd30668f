import { pathToFileURL } from 'node:url';

const NAME = 'autoreap/register';

/**
 * NODE_OPTIONS with our name replaced by where we are. A name is looked up from the working directory, and
 * a descendant that was started elsewhere would end with "Cannot find package".
 */
export function absoluteNodeOptions(nodeOptions: string, file: string): string {
  return nodeOptions.replace(
    /(^|\s)(--import|--require|-r)(=|\s+)"?autoreap\/register"?(?=\s|$)/g,
    (_, before: string, option: string, equals: string) =>
      `${before}${option}${equals}${quoted(location(option, file))}`,
  );
}

/** The same for process.execArgv, which fork() and cluster pass on. */
export function absoluteExecArgv(execArgv: readonly string[], file: string): string[] {
  return execArgv.map((argument, i) => {
    const [, option, name] = /^(--import|--require|-r)=(.*)$/.exec(argument) ?? [];
    if (option !== undefined && name === NAME) return `${option}=${location(option, file)}`;
    const before = execArgv[i - 1] ?? '';
    const isValue = ['--import', '--require', '-r'].includes(before) && argument === NAME;
    return isValue ? location(before, file) : argument;
  });
}

const location = (option: string, file: string): string =>
  option === '--import' ? pathToFileURL(file).href : file;

/** As NODE_OPTIONS wants a path with a space in it. */
const quoted = (text: string): string =>
  /\s/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
