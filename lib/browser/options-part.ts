// Checks with longer words, and the usual values of all options: what the other parts read theirs with.
export * from '../core/validate'
export { defaults } from './defaults'
