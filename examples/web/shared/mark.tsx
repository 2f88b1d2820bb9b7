/** The mark of the project: a rope made fast. */
export const Mark = () => (
  <svg
    viewBox="0 0 32 32"
    fill="none"
    stroke="currentColor"
    strokeWidth="3"
    strokeLinecap="round"
    aria-hidden
  >
    <path d="M4 11c6-7 18-7 24 0M4 21c6 7 18 7 24 0" />
    <path d="M4 11c5 5 9 5 12 5s7 0 12 5M4 21c5-5 9-5 12-5s7 0 12-5" />
  </svg>
)
