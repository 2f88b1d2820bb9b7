// The lookup threads and the io_context's side of resolver.hpp.
#include "core/net/resolver.hpp"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <system_error>
#include <thread>

#ifdef _WIN32
#include <ws2tcpip.h>
#else
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#endif

#include "core/net/system_error.hpp"

namespace hawser::net {
namespace {

// Blocks every signal while it lives, so that a thread started meanwhile inherits the full mask from its
// first instruction on and no signal handler of the host program ever runs on it.
class all_signals_blocked {
 public:
#ifdef _WIN32
  all_signals_blocked() = default;
#else
  all_signals_blocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~all_signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  all_signals_blocked(const all_signals_blocked&) = delete;
  all_signals_blocked& operator=(const all_signals_blocked&) = delete;

 private:
  sigset_t before_;
#endif
};

void name_this_thread() {
#if defined(__linux__)
  pthread_setname_np(pthread_self(), "hawser-dns");
#elif defined(__APPLE__)
  pthread_setname_np("hawser-dns");
#endif
}

boost::asio::ip::address to_address(const addrinfo& info) {
  boost::asio::ip::tcp::endpoint endpoint;
  if (info.ai_addrlen > endpoint.capacity()) return {};
  std::copy_n(reinterpret_cast<const char*>(info.ai_addr), info.ai_addrlen,
              reinterpret_cast<char*>(endpoint.data()));
  return endpoint.address();
}

}  // namespace

resolve_result system_lookup(const std::string& host, int family) {
  resolve_result result;
  if (host.empty() || host.find('\0') != std::string::npos) {
    result.error = {errc::dns_failed, 0,
                    host.empty() ? "the host name is empty" : "the host name holds a NUL byte"};
    return result;
  }
  addrinfo hints{};
  hints.ai_family = family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_protocol = IPPROTO_TCP;
  hints.ai_flags = family == 0 ? AI_ADDRCONFIG : 0;
  addrinfo* list = nullptr;
  const int eai = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (eai != 0) {
    result.error = to_dns_error(eai, errno, host);
    return result;
  }
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    if (info->ai_family == AF_INET || info->ai_family == AF_INET6)
      result.addresses.push_back(to_address(*info));
  }
  freeaddrinfo(list);
  if (result.addresses.empty()) result.error = {errc::dns_failed, 0, host + ": the name has no IP address"};
  return result;
}

// ---- lookup_pool

lookup_pool::lookup_pool(lookup_function lookup, std::size_t max_threads, std::size_t max_queue)
    : lookup_(std::move(lookup)), max_threads_(max_threads), max_queue_(max_queue) {}

std::shared_ptr<lookup_pool> lookup_pool::create(lookup_function lookup, std::size_t max_threads,
                                                 std::size_t max_queue) {
  return std::shared_ptr<lookup_pool>(new lookup_pool(std::move(lookup), max_threads, max_queue));
}

std::shared_ptr<lookup_pool> lookup_pool::process() {
  static auto* const leaked = new std::shared_ptr<lookup_pool>(create(system_lookup));
  return *leaked;
}

bool lookup_pool::submit(const std::string& host, int family, waiter who, error_info& error) {
  const std::lock_guard lock(mutex_);
  key name{family, host};
  if (const auto shared = jobs_.find(name); shared != jobs_.end()) {
    shared->second.push_back(std::move(who));
    return true;
  }
  if (threads_ >= max_threads_ && queue_.size() >= max_queue_) {
    error = {errc::dns_failed, 0,
             host + ": too many names are being resolved (" + std::to_string(threads_) + " running, " +
                 std::to_string(queue_.size()) + " waiting); the name servers may not be answering"};
    return false;
  }
  // Enqueued first: the new thread takes the oldest, and cannot look before this lock is released.
  queue_.push_back(name);
  if (threads_ < max_threads_ && !start_thread() && threads_ == 0) {
    queue_.pop_back();
    error = {errc::dns_failed, EAGAIN, host + ": no thread can be started for the lookup"};
    return false;
  }
  jobs_[std::move(name)].push_back(std::move(who));
  return true;
}

bool lookup_pool::start_thread() {
  const all_signals_blocked quiet;
  try {
    std::thread([self = shared_from_this()] { self->work(); }).detach();
  } catch (const std::system_error&) {
    return false;
  }
  ++threads_;
  return true;
}

void lookup_pool::work() {
  name_this_thread();
  std::unique_lock lock(mutex_);
  while (!queue_.empty()) {
    const key name = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    const resolve_result result = lookup_(name.second, name.first);
    lock.lock();
    const auto node = jobs_.extract(name);
    lock.unlock();
    for (const auto& who : node.mapped()) {
      const std::lock_guard alive(who.channel->mutex);
      if (who.channel->target != nullptr) who.channel->target->post_result(who.id, result);
    }
    lock.lock();
  }
  --threads_;
}

void lookup_pool::withdraw(const std::string& host, int family, const waiter& who) {
  const std::lock_guard lock(mutex_);
  const key name{family, host};
  const auto job = jobs_.find(name);
  if (job == jobs_.end()) return;
  std::erase_if(job->second, [&](const waiter& w) { return w.channel == who.channel && w.id == who.id; });
  if (!job->second.empty()) return;
  // A running lookup keeps its (empty) job: a request that comes before it ends joins it.
  const auto queued = std::find(queue_.begin(), queue_.end(), name);
  if (queued == queue_.end()) return;
  queue_.erase(queued);
  jobs_.erase(job);
}

// ---- resolver

boost::asio::execution_context::id resolver::id;

resolver::resolver(boost::asio::execution_context& context)
    : service(context),
      context_(static_cast<boost::asio::io_context&>(context)),
      channel_(std::make_shared<resolve_channel>()) {
  channel_->target = this;
}

resolver& resolver::of(boost::asio::io_context& context) {
  return boost::asio::use_service<resolver>(context);
}

std::uint64_t resolver::resolve(const std::shared_ptr<lookup_pool>& pool, const std::string& host, int family,
                                handler done) {
  const auto request = ++last_id_;
  entries_.emplace(request, entry{pool, host, family, std::move(done), work_guard(context_.get_executor())});
  resolve_result refused;
  if (!pool->submit(host, family, {channel_, request}, refused.error))
    post_result(request, std::move(refused));
  return request;
}

void resolver::cancel(std::uint64_t request) {
  // Taken out before it is destroyed: the handler's destructor may come back here.
  const auto node = entries_.extract(request);
  if (!node.empty())
    node.mapped().pool->withdraw(node.mapped().host, node.mapped().family, {channel_, request});
}

void resolver::post_result(std::uint64_t request, resolve_result result) {
  boost::asio::post(context_, [this, request, result = std::move(result)]() mutable {
    complete(request, std::move(result));
  });
}

void resolver::complete(std::uint64_t request, resolve_result result) {
  auto node = entries_.extract(request);
  if (node.empty()) return;
  node.mapped().done(std::move(result));
}

void resolver::shutdown() {
  {
    const std::lock_guard lock(channel_->mutex);
    channel_->target = nullptr;
  }
  auto entries = std::move(entries_);
  entries_.clear();
  for (auto& [request, pending] : entries) {
    pending.pool->withdraw(pending.host, pending.family, {channel_, request});
  }
}

}  // namespace hawser::net
