import { beginPrivateFile } from '../admin/private-file.ts';
import { bundle } from './bundle.ts';
import type { Report } from './report.ts';
import type { DoctorOptions } from './run-doctor.ts';

/**
 * Writes the bundle, readable by its owner alone; a file of this name is replaced. Returns its path.
 * @throws CliError exit 1 when it cannot be written
 */
export async function writeBundle(name: string, report: Report, options: DoctorOptions): Promise<string> {
  const file = await beginPrivateFile(options.io.cwd, name);
  try {
    await file.write(await bundle(report, options));
    await file.commit();
  } catch (error) {
    await file.discard();
    throw error;
  }
  return file.path;
}
