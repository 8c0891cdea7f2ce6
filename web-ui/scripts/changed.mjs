// Runs an npm script unless nothing that it reads has changed since it last succeeded.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const TESTED = [
  'src',
  'e2e',
  'public',
  'scripts',
  'package-lock.json',
  'package.json',
  'index.html',
  'vite.config.ts',
  'tsconfig.json',
  'biome.json',
  '../sdk/contract/src/main/java/dev/pipewright/contract/api',
];
const BUILT = ['src', 'public', 'package-lock.json', 'package.json', 'index.html', 'vite.config.ts'];

const script = process.argv[2];
const inputs = script === 'build' ? BUILT : TESTED;
const stamp = join('target', `${script}.sha256`);
const digest = digestOf(inputs);

const fresh =
  existsSync(stamp) &&
  readFileSync(stamp, 'utf8') === digest &&
  (script !== 'build' || existsSync(join('dist', 'index.html')));
if (!fresh) {
  const { status, error } = spawnSync('npm', ['run', '--silent', script], { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  // File names carry their content's hash: what Maven copied of an earlier build would stay in the jar for ever.
  if (script === 'build')
    rmSync(join('target', 'classes', 'META-INF', 'resources'), { recursive: true, force: true });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}

function digestOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) addTo(hash, path);
  return hash.digest('hex');
}

function addTo(hash, path) {
  const children = childrenOf(path);
  if (!children) hash.update(path).update('\0').update(readFileSync(path)).update('\0');
  else for (const child of children) addTo(hash, join(path, child));
}

/** The names in a folder, sorted; undefined for a file. */
function childrenOf(path) {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}
