import { ControlPlaneError } from '../services/control/control-plane.ts';

/** @throws ControlPlaneError `invalid_argument`, naming them, when one of the fields is empty */
export function requireFields(fields: Readonly<Record<string, string>>): void {
  const missing = Object.keys(fields).filter((name) => fields[name] === '');
  if (missing.length > 0)
    throw new ControlPlaneError('invalid_argument', `${missing.join(', ')} must be given`);
}

/** @throws ControlPlaneError `invalid_argument`, naming it, when the text has more characters than the store takes */
export function requireLength(name: string, text: string, most: number): void {
  if (text.length > most) {
    throw new ControlPlaneError('invalid_argument', `${name} must have at most ${most} characters`);
  }
}
