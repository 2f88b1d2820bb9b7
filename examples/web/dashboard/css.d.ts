// Style sheets that modules import; Vite takes them.
declare module '*.css'
